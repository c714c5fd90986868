"""What a file of recorded sessions says happened, and what a database makes of it: the same rows.

The file's side of sessions and energies is read here, with nothing of the simulator's; that of
meter values and statuses is what an undisturbed station says of these sessions.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.rows import rows
from tests.simulator.messages import Transaction
from tests.simulator.recording import read_sessions, steps

Environment = Mapping[str, str]

_SESSIONS = """
SELECT station.cp_id, connector.connector_id, session.started_at, session.stopped_at,
  session.id_tag, session.energy_wh, session.meter_stop_wh - session.meter_start_wh, session.status
FROM stations_chargingsession session
JOIN stations_chargingstation station ON station.id = session.station_id
LEFT JOIN stations_connector connector ON connector.id = session.connector_id
"""
_READINGS = """
SELECT station.cp_id, connector.connector_id, session.started_at, reading.sampled_at,
  reading.energy_wh - session.meter_start_wh, reading.power_w, reading.voltage_v
FROM stations_metervalue reading
JOIN stations_connector connector ON connector.id = reading.connector_id
JOIN stations_chargingstation station ON station.id = connector.station_id
LEFT JOIN stations_chargingsession session ON session.transaction_id = reading.session_id
"""
_STATUSES = """
SELECT station.cp_id, connector.connector_id, change.status, change.reported_at
FROM stations_statuschange change
JOIN stations_connector connector ON connector.id = change.connector_id
JOIN stations_chargingstation station ON station.id = connector.station_id
"""
_NOW = """
SELECT station.cp_id, connector.connector_id, connector.status
FROM stations_connector connector
JOIN stations_chargingstation station ON station.id = connector.station_id
"""


class Session(NamedTuple):
    """A session that ran; times are UTC to the second, energy in Wh by both ways to know it."""

    cp_id: str
    connector_id: int
    started_at: str
    stopped_at: str
    id_tag: str
    energy_wh: int
    registers_wh: int
    status: str


def sessions(file: Path) -> list[Session]:
    """The sessions of the file."""
    with file.open(newline="", encoding="utf-8") as lines:
        return sorted(map(_session, csv.DictReader(lines)), key=str)


def stored_sessions(environment: Environment) -> list[Session]:
    """The sessions of the database."""
    found = [
        Session(cp_id, connector_id, _second(started), _second(stopped), *rest)
        for cp_id, connector_id, started, stopped, *rest in rows(environment, _SESSIONS)
    ]
    return sorted(found, key=str)


def readings(file: Path, samples: int) -> Counter[tuple[Any, ...]]:
    """Every meter value: where, of which session, when, Wh since its start, W and V."""
    return Counter(
        (cp_id, 1, _second(started_at), _second(at), *_values(payload["meterValue"][0]))
        for cp_id, started_at, at, action, payload in _told(file, samples)
        if action == "MeterValues"
    )


def stored_readings(environment: Environment) -> Counter[tuple[Any, ...]]:
    """The same of the database: each once, and of its session."""
    return Counter(
        (cp_id, connector_id, _second(started), _second(at), *values)
        for cp_id, connector_id, started, at, *values in rows(environment, _READINGS)
    )


def statuses(file: Path) -> Counter[tuple[Any, ...]]:
    """Every status of the sessions, and when."""
    return Counter(
        (cp_id, 1, payload["status"], _second(at))
        for cp_id, _, at, action, payload in _told(file, 1)
        if action == "StatusNotification"
    )


def greetings(file: Path) -> Counter[tuple[Any, ...]]:
    """What a station says with its boot; it may be lost, since nobody repeats it."""
    first = {cp_id: each[0].plugged_at for cp_id, each in read_sessions(file).items()}
    return Counter(
        (cp_id, number, "Available", _second(at))
        for cp_id, at in first.items()
        for number in (0, 1)
    )


def stored_statuses(environment: Environment) -> Counter[tuple[Any, ...]]:
    """The same of the database: each once."""
    return Counter((*where, _second(at)) for *where, at in rows(environment, _STATUSES))


def statuses_now(environment: Environment) -> set[tuple[Any, ...]]:
    """What the connectors of the database show in the end."""
    return {*rows(environment, _NOW)}


def _told(file: Path, samples: int) -> Iterator[tuple[str, datetime, datetime, str, Any]]:
    for cp_id, recorded in read_sessions(file).items():
        for session in recorded:
            transaction = Transaction(1, session.id_tag, 0, session.plugged_at)
            for step in steps(session, transaction, samples):
                message = step.message
                yield cp_id, session.plugged_at, step.at, message.action, message.payload


def _session(row: dict[str, str]) -> Session:
    energy_wh = round(Decimal(row["kwh"]) * 1000)
    started, stopped = (_second(row[name]) for name in ("connected_at", "disconnected_at"))
    tag = row["user"] or "ANON"
    return Session(row["station"], 1, started, stopped, tag, energy_wh, energy_wh, "Completed")


def _values(element: dict[str, Any]) -> tuple[int, int, float]:
    said = {sample["measurand"]: float(sample["value"]) for sample in element["sampledValue"]}
    register_wh, power_w = said["Energy.Active.Import.Register"], said["Power.Active.Import"]
    return round(register_wh), round(power_w), said["Voltage"]


def _second(at: datetime | str | None) -> str:
    """A time of either engine, or of the file, to the second."""
    return str(at)[:19].replace("T", " ")
