"""Holds what stations were told is stored against what the database of a server has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from tests.rows import rows
from tests.simulator.records import Records

Told = Mapping[str, Records]  # what each station, by its id, remembers
Environment = Mapping[str, str]

_READINGS = """
SELECT station.cp_id, connector.connector_id, reading.session_id, reading.sampled_at_raw,
  reading.raw
FROM stations_metervalue reading
JOIN stations_connector connector ON connector.id = reading.connector_id
JOIN stations_chargingstation station ON station.id = connector.station_id
"""
_SESSIONS = """
SELECT station.cp_id, session.transaction_id, connector.connector_id, session.id_tag,
  session.started_at_raw, session.meter_start_wh, session.stopped_at_raw, session.meter_stop_wh,
  session.energy_wh, session.status
FROM stations_chargingsession session
JOIN stations_connector connector ON connector.id = session.connector_id
JOIN stations_chargingstation station ON station.id = session.station_id
"""
_OF_A_START = 6  # the first members of a Session
_STATUSES = """
SELECT station.cp_id, connector.connector_id, change.status, change.reported_at_raw
FROM stations_statuschange change
JOIN stations_connector connector ON connector.id = change.connector_id
JOIN stations_chargingstation station ON station.id = connector.station_id
"""


class Reading(NamedTuple):
    """A meter value by its natural key: where, of which session, when, and what it says."""

    cp_id: str
    connector_id: int
    transaction_id: int | None
    at: str
    content: str


class Session(NamedTuple):
    """A session as station and database both know it; times as the station wrote them."""

    cp_id: str
    transaction_id: int
    connector_id: int
    id_tag: str
    started_at: str
    meter_start_wh: int
    stopped_at: str = ""
    meter_stop_wh: int | None = None
    energy_wh: int = 0
    status: str = "Active"


def acknowledged_readings(told: Told) -> set[Reading]:
    """Every meter value a station got an answer for; a repeated one counts once."""
    return {
        Reading(
            cp_id,
            payload["connectorId"],
            payload.get("transactionId"),
            element["timestamp"],
            orjson.dumps(element["sampledValue"]).decode(),
        )
        for cp_id, payload, _ in _each(told, "MeterValues")
        for element in payload["meterValue"]
    }


def stored_readings(environment: Environment) -> list[Reading]:
    """Every meter value the database has."""
    return [Reading(*row) for row in rows(environment, _READINGS)]


def acknowledged_starts(told: Told) -> dict[int, Session]:
    """Every session a station got a transaction id for, as its start tells it."""
    found: dict[int, Session] = {}
    for cp_id, start, answer in _each(told, "StartTransaction"):
        number = answer["transactionId"]
        session = Session(
            cp_id,
            number,
            start["connectorId"],
            start["idTag"],
            start["timestamp"],
            start["meterStart"],
        )
        assert found.setdefault(number, session) == session, f"{number} was given twice"
    return found


def acknowledged_sessions(told: Told) -> dict[int, Session]:
    """The same with their stops."""
    found = acknowledged_starts(told)
    for _, stop, _ in _each(told, "StopTransaction"):
        number = stop["transactionId"]
        found[number] = _stopped(found[number], stop)
    return found


def stored_sessions(environment: Environment) -> dict[int, Session]:
    """Every session the database has, by its transaction id."""
    return {row[1]: Session(*row) for row in rows(environment, _SESSIONS)}


def stored_starts(environment: Environment) -> dict[int, Session]:
    """Their starts alone."""
    return {
        number: Session(*session[:_OF_A_START])
        for number, session in stored_sessions(environment).items()
    }


def acknowledged_statuses(told: Told) -> set[tuple[Any, ...]]:
    """Every status a station got an answer for: station, connector, status, when."""
    return {
        (cp_id, payload["connectorId"], payload["status"], payload["timestamp"])
        for cp_id, payload, _ in _each(told, "StatusNotification")
    }


def stored_statuses(environment: Environment) -> set[tuple[Any, ...]]:
    """Every status the database has in its history."""
    return {*rows(environment, _STATUSES)}


def statuses_of_sessions(environment: Environment) -> dict[str, int]:
    """How many sessions the database has in each status."""
    counted = "SELECT status, count(*) FROM stations_chargingsession GROUP BY status"
    return dict(rows(environment, counted))


def _each(told: Told, action: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [
        (cp_id, message.payload, message.answer)
        for cp_id, records in told.items()
        for message in records.of(action)
    ]


def _stopped(session: Session, stop: dict[str, Any]) -> Session:
    return session._replace(
        stopped_at=stop["timestamp"],
        meter_stop_wh=stop["meterStop"],
        energy_wh=stop["meterStop"] - session.meter_start_wh,
        status="Completed",
    )
