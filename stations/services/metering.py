"""Meter values: many readings in one go, each stored once, the newest shown on its session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from cms.shared import bulk
from stations.readings import Reading

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
}
# The last value of each by event time. A session that has its stop keeps what the stop said.
# One whose row somebody holds shows its next reading instead: others do not wait for it.
_SNAPSHOTS = """
UPDATE stations_chargingsession SET
  last_reading_at = v.at,
  power_w = COALESCE(v.power, power_w),
  soc_percent = COALESCE(v.soc, soc_percent),
  last_register_wh = COALESCE(v.register, last_register_wh),
  energy_wh = CASE WHEN v.register >= meter_start_wh
                   THEN v.register - meter_start_wh ELSE energy_wh END
FROM (SELECT v.* FROM {values}
      JOIN stations_chargingsession s ON s.transaction_id = v.id AND s.station_id = v.station
      ORDER BY s.transaction_id FOR_UPDATE) AS v
WHERE transaction_id = v.id AND status IN ('Active', 'Inferred')
  AND (last_reading_at IS NULL OR last_reading_at <= v.at)
"""


def record(*, readings: Sequence[Reading], at: datetime) -> None:
    """Store ``readings`` of any number of stations; repeated ones change nothing. All or none.

    A reading of a transaction that is not one of its station's is kept without a session.
    """
    if not readings:
        return
    connectors = {(reading.station_id, reading.connector_id) for reading in readings}
    bulk.run(
        (
            bulk.Step(_CONNECTORS, _CONNECTOR_COLUMNS, sorted(connectors)),
            bulk.Step(_READINGS, _READING_COLUMNS, [(*reading, at) for reading in readings]),
            bulk.Step(_for_update(_SNAPSHOTS), _SNAPSHOT_COLUMNS, _snapshots(readings)),
        )
    )


def _for_update(statement: str) -> str:
    skips = connection.features.has_select_for_update_skip_locked
    return statement.replace("FOR_UPDATE", "FOR NO KEY UPDATE OF s SKIP LOCKED" if skips else "")


def _snapshots(readings: Sequence[Reading]) -> list[tuple[object, ...]]:
    """What the sessions will show, in the order of their ids: two writers lock them alike."""
    newest: dict[tuple[int, int], Reading] = {}
    for reading in readings:
        if reading.transaction_id is not None:
            key = reading.transaction_id, reading.station_id
            newest[key] = _merged(newest.get(key), reading)
    return [
        (*key, r.sampled_at, r.energy_wh, r.power_w, r.soc_percent)
        for key, r in sorted(newest.items())
    ]


def _merged(known: Reading | None, reading: Reading) -> Reading:
    """The younger of two readings, with what it does not show taken from the older one."""
    if known is None:
        return reading
    older, younger = sorted((known, reading), key=lambda item: item.sampled_at)
    return younger._replace(
        energy_wh=older.energy_wh if younger.energy_wh is None else younger.energy_wh,
        power_w=older.power_w if younger.power_w is None else younger.power_w,
        soc_percent=older.soc_percent if younger.soc_percent is None else younger.soc_percent,
    )
