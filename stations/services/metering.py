"""Meter values: many readings in one go, each stored once, the newest shown on its session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cms.shared import bulk
from stations.models import ChargingSession, Connector
from stations.readings import Reading

_COLUMNS = {
    "connector_id": "bigint",
    "session_id": "integer",
    "reported_transaction_id": "bigint",
    "sampled_at": "timestamptz",
    "sampled_at_raw": "text",
    "received_at": "timestamptz",
    "context": "text",
    "energy_wh": "bigint",
    "power_w": "bigint",
    "current_a": "double precision",
    "voltage_v": "double precision",
    "soc_percent": "double precision",
    "raw": "text",
    "fingerprint": "bigint",
}
_SNAPSHOT_COLUMNS = {
    "id": "integer",
    "at": "timestamptz",
    "register": "bigint",
    "power": "bigint",
    "soc": "double precision",
}
# The last value of each by event time. A session that has its stop keeps what the stop said.
_SNAPSHOT = """
UPDATE stations_chargingsession SET
  last_reading_at = v.at,
  power_w = COALESCE(v.power, power_w),
  soc_percent = COALESCE(v.soc, soc_percent),
  last_register_wh = COALESCE(v.register, last_register_wh),
  energy_wh = CASE WHEN v.register >= meter_start_wh
                   THEN v.register - meter_start_wh ELSE energy_wh END
FROM {values} AS v
WHERE transaction_id = v.id AND status IN ('Active', 'Inferred')
  AND (last_reading_at IS NULL OR last_reading_at <= v.at)
"""


@transaction.atomic
def record(*, readings: Sequence[Reading], at: datetime) -> None:
    """Store ``readings`` of any number of stations; repeated ones change nothing.

    A reading of a transaction that is not one of its station's is kept without a session.
    """
    if not readings:
        return
    connectors = _connectors(readings)
    sessions = _sessions(readings)
    rows = []
    newest: dict[int, Reading] = {}
    for reading in readings:
        session_id = _session_of(reading, sessions)
        rows.append(_row(reading, connectors, session_id, at))
        if session_id and _is_newer(reading, newest.get(session_id)):
            newest[session_id] = _merged(newest.get(session_id), reading)
    bulk.insert("stations_metervalue", _COLUMNS, rows)
    bulk.update_from(
        _SNAPSHOT, _SNAPSHOT_COLUMNS, [_snapshot(*item) for item in sorted(newest.items())]
    )


def _connectors(readings: Sequence[Reading]) -> dict[tuple[int, int], int]:
    """(station, number) -> row id; connectors nobody reported yet are made."""
    wanted = {(reading.station_id, reading.connector_id) for reading in readings}
    known = _known_connectors(wanted)
    missing = wanted - known.keys()
    if missing:
        Connector.objects.bulk_create(
            [Connector(station_id=s, connector_id=c) for s, c in sorted(missing)],
            ignore_conflicts=True,
        )
        known |= _known_connectors(missing)
    return known


def _known_connectors(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    found = Connector.objects.filter(
        station_id__in={station for station, _ in wanted},
        connector_id__in={number for _, number in wanted},
    ).values_list("station_id", "connector_id", "id")
    return {(station, number): row for station, number, row in found}


def _sessions(readings: Sequence[Reading]) -> dict[int, int]:
    """transaction id -> the station it belongs to, for those that exist."""
    ids = {r.transaction_id for r in readings if r.transaction_id and r.transaction_id > 0}
    found = ChargingSession.objects.filter(pk__in=ids).values_list("pk", "station_id")
    return dict(found) if ids else {}


def _session_of(reading: Reading, sessions: dict[int, int]) -> int | None:
    """The session a reading belongs to: never one of another station."""
    transaction_id = reading.transaction_id
    if transaction_id and sessions.get(transaction_id) == reading.station_id:
        return transaction_id
    return None


def _row(
    reading: Reading, connectors: dict[tuple[int, int], int], session_id: int | None, at: datetime
) -> tuple[object, ...]:
    return (
        connectors[reading.station_id, reading.connector_id],
        session_id,
        None if session_id else reading.transaction_id,
        reading.sampled_at,
        reading.sampled_at_raw,
        at,
        *reading[5:],  # context to fingerprint, in the order of _COLUMNS
    )


def _is_newer(reading: Reading, known: Reading | None) -> bool:
    return known is None or reading.sampled_at >= known.sampled_at


def _merged(known: Reading | None, reading: Reading) -> Reading:
    """The newer reading, with what it does not show taken from the older one."""
    if known is None:
        return reading
    return reading._replace(
        energy_wh=known.energy_wh if reading.energy_wh is None else reading.energy_wh,
        power_w=known.power_w if reading.power_w is None else reading.power_w,
        soc_percent=known.soc_percent if reading.soc_percent is None else reading.soc_percent,
    )


def _snapshot(session_id: int, reading: Reading) -> tuple[object, ...]:
    return session_id, reading.sampled_at, reading.energy_wh, reading.power_w, reading.soc_percent
