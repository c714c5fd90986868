"""Meter values: many readings in one go, each stored once, the newest shown on its session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from cms.shared import bulk
from stations import by_now, events
from stations.models import ChargingSession, SessionStatus
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


class _Snapshot(NamedTuple):
    """What the readings of a session in one go give it to show; ``at``: of the youngest."""

    id: int
    station: int
    since: datetime  # the oldest of them
    at: datetime
    due: datetime  # what the row shows has to be as old
    register: int | None
    power: int | None
    soc: float | None


_SNAPSHOT_COLUMNS = {
    "id": "bigint",
    "station": "bigint",
    **dict.fromkeys(("since", "at", "due"), "timestamptz"),
    "register": "bigint",
    "power": "bigint",
    "soc": "double precision",
}
# What the readings said last of what the newest does not say: those the row does not show yet.
_SAID = """COALESCE({value}, (
    SELECT m.{column} FROM stations_metervalue m
    WHERE m.session_id = stations_chargingsession.transaction_id AND m.{column} {counts}
      AND m.sampled_at >= COALESCE(stations_chargingsession.last_reading_at, '0001-01-01')
    ORDER BY m.sampled_at DESC, m.id DESC LIMIT 1))"""
_POWER = _SAID.format(value="v.power", column="power_w", counts="IS NOT NULL")
_SOC = _SAID.format(value="v.soc", column="soc_percent", counts="IS NOT NULL")
_REGISTER = _SAID.format(value="v.register", column="energy_wh", counts="IS NOT NULL")
# A register below that of the start counts nothing: the last one that does.
_COUNTED = _SAID.format(
    value="CASE WHEN v.register >= meter_start_wh THEN v.register END",
    column="energy_wh",
    counts=">= stations_chargingsession.meter_start_wh",
)
# The newest reading shows at once, where it is due (stations/by_now.py) and nobody holds the row:
# others do not wait for it. What is passed over is looked at after the commit. A session that has
# its stop keeps what that said; one that is over without a stop ends with its last reading.
_DUE = """(s.status <> 'Active' OR v.at < s.started_at
        OR COALESCE(s.last_reading_at, s.started_at, v.due) <= v.due)"""
_SNAPSHOTS = f"""
UPDATE stations_chargingsession SET
  last_reading_at = v.at,
  power_w = COALESCE({_POWER}, power_w),
  soc_percent = COALESCE({_SOC}, soc_percent),
  last_register_wh = COALESCE({_REGISTER}, last_register_wh),
  energy_wh = COALESCE({_COUNTED} - meter_start_wh, energy_wh),
  meter_stop_wh = CASE WHEN status = 'Active' THEN meter_stop_wh
                       ELSE COALESCE({_REGISTER}, meter_stop_wh) END,
  stopped_at = CASE WHEN status = 'Inferred' AND v.at > stopped_at THEN v.at ELSE stopped_at END
FROM (SELECT v.* FROM {{values}}
      JOIN stations_chargingsession s ON s.transaction_id = v.id AND s.station_id = v.station
      WHERE {_DUE}
      ORDER BY s.transaction_id FOR_UPDATE) AS v
WHERE transaction_id = v.id AND status IN ('Active', 'Inferred')
  AND (last_reading_at IS NULL OR last_reading_at <= v.since)
"""  # noqa: S608 - no word of anybody's
# How many of them there are to show: most rows wait for their interval, and need no other look.
_TO_SHOW = f"""
SELECT 1 FROM {{values}}
JOIN stations_chargingsession s ON s.transaction_id = v.id AND s.station_id = v.station
WHERE s.status IN ('Active', 'Inferred') AND (v.since < s.last_reading_at OR {_DUE})
"""  # noqa: S608 - no word of anybody's
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
    *_, to_show, shown = bulk.run(
        (
            bulk.Step(_CONNECTORS, _CONNECTOR_COLUMNS, sorted(connectors)),
            bulk.Step(_READINGS, _READING_COLUMNS, [(*r[:-1], at) for r in readings]),
            bulk.Step(_TO_SHOW, _SNAPSHOT_COLUMNS, newest),
            bulk.Step(_for_update(_SNAPSHOTS), _SNAPSHOT_COLUMNS, newest),
        )
    )
    if shown < to_show:
        _catch_up({row.id: row for row in newest})
    events.metered([row.id for row in newest], {reading.station_id for reading in readings})
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


def _catch_up(newest: dict[int, _Snapshot]) -> None:
    """Show what came late, or while somebody held its session; those with a stop need nothing."""
    known = ChargingSession.objects.filter(pk__in=newest, status__in=OPEN_ENDED)
    shown = known.values_list("pk", "status", "started_at", "last_reading_at")
    behind = [
        pk
        for pk, status, started_at, shown_at in shown
        if _is_behind(newest[pk], status, started_at, shown_at)
    ]
    if behind:
        _in_a_moment(partial(filing.show, behind))


def _is_behind(
    due: _Snapshot, status: str, started_at: datetime | None, shown_at: datetime | None
) -> bool:
    """Whether a row should show what it does not: not one whose next writing is yet to come."""
    if shown_at is not None and due.since < shown_at:
        return True  # some of it came late
    if shown_at == due.at:
        return False
    last = shown_at or started_at
    waits = last is not None and due.due < last <= due.at
    return status != SessionStatus.ACTIVE or not waits


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


def _snapshots(readings: Sequence[Reading]) -> list[_Snapshot]:
    """What the sessions will show, in the order of their ids: two writers lock them alike."""
    of_session: dict[tuple[int, int], list[Reading]] = {}
    for reading in readings:
        number = reading.transaction_id
        if number is not None and number > 0:
            of_session.setdefault((number, reading.station_id), []).append(reading)
    interval = by_now.interval()
    return [_snapshot(key, of_session[key], interval) for key in sorted(of_session)]


def _snapshot(key: tuple[int, int], readings: Sequence[Reading], interval: timedelta) -> _Snapshot:
    """The youngest of ``readings``, and when the oldest was; of two of a moment the later."""
    since = min(reading.sampled_at for reading in readings)
    newest = max(reversed(readings), key=attrgetter("sampled_at"))
    at = newest.sampled_at
    due = at - interval
    return _Snapshot(*key, since, at, due, newest.energy_wh, newest.power_w, newest.soc_percent)
