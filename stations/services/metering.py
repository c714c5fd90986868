"""Meter values: many readings in one go, each stored once, the newest shown on its session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from cms.shared import bulk
from stations import events
from stations.models import ChargingSession
from stations.models.sessions import OPEN_ENDED
from stations.readings import Reading
from stations.services import filing

_CONNECTOR_COLUMNS = {"station_id": "bigint", "number": "integer"}
_CONNECTORS = """
INSERT INTO stations_connector (station_id, connector_id, status, error_code, info, vendor_id,
  vendor_error_code, connector_type)
SELECT v.station_id, v.number, 'Unknown', '', '', '', '', '' FROM {values}
WHERE NOT EXISTS (SELECT 1 FROM stations_connector c
                  WHERE c.station_id = v.station_id AND c.connector_id = v.number)
ON CONFLICT DO NOTHING
"""
_READING_COLUMNS = {
    "station_id": "bigint",
    "number": "integer",
    "transaction_id": "bigint",
    "sampled_at": "timestamptz",
    "sampled_at_raw": "text",
    "context": "text",
    "energy_wh": "bigint",
    "power_w": "bigint",
    "current_a": "double precision",
    "voltage_v": "double precision",
    "soc_percent": "double precision",
    "raw": "text",
    "fingerprint": "bigint",
    "received_at": "timestamptz",
}
# A reading belongs to a session of its own station, never to another's; else it names none.
_READINGS = """
INSERT INTO stations_metervalue (connector_id, session_id, reported_transaction_id, sampled_at,
  sampled_at_raw, context, energy_wh, power_w, current_a, voltage_v, soc_percent, raw, fingerprint,
  received_at)
SELECT c.id, s.transaction_id, CASE WHEN s.transaction_id IS NULL THEN v.transaction_id END,
  v.sampled_at, v.sampled_at_raw, v.context, v.energy_wh, v.power_w, v.current_a, v.voltage_v,
  v.soc_percent, v.raw, v.fingerprint, v.received_at
FROM {values}
JOIN stations_connector c ON c.station_id = v.station_id AND c.connector_id = v.number
LEFT JOIN stations_chargingsession s
  ON s.transaction_id = v.transaction_id AND s.station_id = v.station_id
WHERE true
ON CONFLICT DO NOTHING
"""
_SNAPSHOT_COLUMNS = {
    "id": "bigint",
    "station": "bigint",
    "at": "timestamptz",
    "register": "bigint",
    "power": "bigint",
    "soc": "double precision",
    "whole": "boolean",
}
# The newest reading shows at once, where nobody holds the row: others do not wait for it. What
# is passed over is looked at after the commit. A session that has its stop keeps what that said.
_SNAPSHOTS = """
UPDATE stations_chargingsession SET
  last_reading_at = v.at,
  power_w = COALESCE(v.power, power_w),
  soc_percent = COALESCE(v.soc, soc_percent),
  last_register_wh = COALESCE(v.register, last_register_wh),
  energy_wh = CASE WHEN v.register >= meter_start_wh
                   THEN v.register - meter_start_wh ELSE energy_wh END,
  meter_stop_wh = CASE WHEN status = 'Active' THEN meter_stop_wh
                       ELSE COALESCE(v.register, meter_stop_wh) END,
  stopped_at = CASE WHEN status = 'Inferred' AND v.at > stopped_at THEN v.at ELSE stopped_at END
FROM (SELECT v.* FROM {values}
      JOIN stations_chargingsession s ON s.transaction_id = v.id AND s.station_id = v.station
      ORDER BY s.transaction_id FOR_UPDATE) AS v
WHERE transaction_id = v.id AND status IN ('Active', 'Inferred') AND v.whole
  AND (last_reading_at IS NULL OR last_reading_at <= v.at)
"""
_A_MOMENT = "SET LOCAL lock_timeout = '1s'"


def record(*, readings: Sequence[Reading], at: datetime) -> None:
    """Store ``readings`` of any number of stations; repeated ones change nothing. All or none.

    A reading of a transaction that is not one of its station's is kept without a session; one
    under -1 or 0 is filed by its time.
    """
    if not readings:
        return
    if any(reading.since_start for reading in readings):
        readings = _lifted(readings)
    connectors = {(reading.station_id, reading.connector_id) for reading in readings}
    newest = _snapshots(readings)
    *_, shown = bulk.run(
        (
            bulk.Step(_CONNECTORS, _CONNECTOR_COLUMNS, sorted(connectors)),
            bulk.Step(_READINGS, _READING_COLUMNS, [(*r[:-1], at) for r in readings]),
            bulk.Step(_for_update(_SNAPSHOTS), _SNAPSHOT_COLUMNS, newest),
        )
    )
    if shown < len(newest):
        _catch_up({row[0]: row for row in newest})
    events.metered([row[0] for row in newest], {reading.station_id for reading in readings})
    nameless = [reading for reading in readings if filing.is_nameless(reading.transaction_id)]
    for station_id in {reading.station_id for reading in nameless}:
        own = [reading for reading in nameless if reading.station_id == station_id]
        _in_a_moment(partial(filing.file, readings=own, at=at))


def _lifted(readings: Sequence[Reading]) -> list[Reading]:
    """Registers that count from the start of their session as the meter's own (Grizzl-E).

    Where the session is not known their text is kept, and no register.
    """
    numbers = {r.transaction_id for r in readings if r.since_start and r.transaction_id}
    rows = ChargingSession.objects.filter(pk__in=numbers)
    begun = {(pk, at): wh for pk, at, wh in rows.values_list("pk", "station", "meter_start_wh")}
    return [
        _on_top(r, begun.get((r.transaction_id or 0, r.station_id))) if r.since_start else r
        for r in readings
    ]


def _on_top(reading: Reading, begun_wh: int | None) -> Reading:
    if reading.energy_wh is None or begun_wh is None:
        return reading._replace(energy_wh=None)
    return reading._replace(energy_wh=begun_wh + reading.energy_wh)


def _catch_up(newest: dict[Any, tuple[Any, ...]]) -> None:
    """Show what came late, or while somebody held its session; those with a stop need nothing."""
    known = ChargingSession.objects.filter(pk__in=newest, status__in=OPEN_ENDED)
    at_and_whole = {pk: (row[2], row[-1]) for pk, row in newest.items()}
    shown = known.values_list("pk", "last_reading_at")
    due = [pk for pk, last in shown if at_and_whole[pk] != (last, True)]
    if due:
        _in_a_moment(partial(filing.show, due))


def _in_a_moment(work: Callable[[], None]) -> None:
    """Do ``work`` on what is stored, unless somebody holds for longer what it needs: others wait

    for this thread. What is not filed or shown now is with what comes next.
    """
    if connection.in_atomic_block:
        work()
        return
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(_A_MOMENT)
            work()
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise


def _for_update(statement: str) -> str:
    skips = connection.features.has_select_for_update_skip_locked
    return statement.replace("FOR_UPDATE", "FOR NO KEY UPDATE OF s SKIP LOCKED" if skips else "")


def _snapshots(readings: Sequence[Reading]) -> list[tuple[Any, ...]]:
    """What the sessions will show, in the order of their ids: two writers lock them alike."""
    newest: dict[tuple[int, int], tuple[Reading, bool]] = {}
    for reading in readings:
        number = reading.transaction_id
        if number is not None and number > 0:
            key = number, reading.station_id
            newest[key] = _newer(newest.get(key), reading)
    return [
        (*key, r.sampled_at, r.energy_wh, r.power_w, r.soc_percent, whole)
        for key, (r, whole) in sorted(newest.items())
    ]


def _newer(known: tuple[Reading, bool] | None, reading: Reading) -> tuple[Reading, bool]:
    """The younger of two readings, and whether it has all that either has."""
    if known is None:
        return reading, True
    older, whole = known
    younger = reading
    if younger.sampled_at < older.sampled_at:
        older, younger = younger, older
    return younger, whole and not _lacks(younger, older)


def _lacks(younger: Reading, older: Reading) -> bool:
    return (
        (younger.energy_wh is None and older.energy_wh is not None)
        or (younger.power_w is None and older.power_w is not None)
        or (younger.soc_percent is None and older.soc_percent is not None)
    )
