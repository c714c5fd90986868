"""Callers with their keys, and stations that are there and answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from cms.accounts import keys
from cms.accounts.models import Scope, User
from ocpp_gateway import outbox
from ocpp_gateway.frames import CallError
from ocpp_gateway.rpc import Answered, Refused
from stations import waiting
from stations.models import ChargingStation, Command
from stations.readings import Reading
from stations.services import commands, connectors, metering, sessions, stations

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Answers = Callable[..., None]


@pytest.fixture
def user(db: None) -> User:
    """A person without any permission."""
    return User.objects.create_user("ada", password="correct horse")


def caller(user: User, *scopes: str) -> APIClient:
    """A client that presents a key with ``scopes``."""
    _, key = keys.create(name="test", user=user, scopes=list(scopes), at=NOW)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key}")
    return client


@pytest.fixture
def api(user: User) -> APIClient:
    """A caller who may do everything."""
    return caller(user, *Scope.values)


@pytest.fixture
def reader(user: User) -> APIClient:
    """A caller who may only read."""
    return caller(user, Scope.READ)


@pytest.fixture
def station(db: None) -> ChargingStation:
    """A station that is not connected, with two outlets."""
    made = stations.create(cp_id="CP_001", vendor="Acme", model="One")
    for number in (0, 1, 2):
        report = connectors.StatusReport(number, "Available", "NoError", NOW)
        connectors.set_status(station_id=made.pk, report=report, at=NOW)
    return made


@pytest.fixture
def online(station: ChargingStation) -> ChargingStation:
    """The same, with an open socket."""
    stations.connected(
        station_id=station.pk, connection_id="socket", protocol="ocpp1.6", at=datetime.now(UTC)
    )
    station.refresh_from_db()
    return station


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Say what the station answers to the next command while the caller waits for it."""

    def prepare(payload: dict[str, Any] | None = None, *, error: CallError | None = None) -> None:
        look = waiting._look

        def look_later(command: Command) -> Command:
            _settle(command, payload, error)
            return look(command)

        monkeypatch.setattr(waiting, "_look", look_later)

    return prepare


def _settle(command: Command, payload: dict[str, Any] | None, error: CallError | None) -> None:
    """What the gateway does with a frame of the station."""
    at = datetime.now(UTC)
    sent = outbox.next_call(station_id=command.station_id, connection_id="socket", at=at)
    if sent is None:
        return
    row, call = sent
    result: Answered | Refused | commands.Outcome = outbox.NO_ANSWER
    if payload is not None:
        result = Answered(call, payload)
    elif error is not None:
        result = Refused(call, error)
    outbox.settle(command_id=row, result=result, at=at)


def charge(
    station: ChargingStation,
    *,
    id_tag: str = "RFID_001",
    connector_id: int = 1,
    begins: datetime = NOW,
    readings: int = 0,
    ends: bool = True,
) -> int:
    """A session of 10.5 kWh with ``readings`` meter values; gives its transaction id."""
    start = sessions.Start(connector_id, id_tag, begins, 1000)
    transaction_id = sessions.start(station_id=station.pk, start=start, at=begins).transaction_id
    metering.record(
        readings=[
            reading(station, connector_id, transaction_id, begins, number)
            for number in range(readings)
        ],
        at=begins,
    )
    if ends:
        stop = sessions.Stop(transaction_id, begins + timedelta(hours=1), 11500, reason="Local")
        sessions.end(station_id=station.pk, stop=stop, at=begins)
    return transaction_id


def reading(
    station: ChargingStation, connector_id: int, transaction_id: int, begins: datetime, number: int
) -> Reading:
    """The ``number``th meter value of a session, one each ten seconds."""
    return Reading(
        station.pk,
        connector_id,
        transaction_id,
        begins + timedelta(seconds=10 * number),
        "",
        "Sample.Periodic",
        1000 + number,
        7400,
        32.0,
        230.0,
        50.0,
        '[{"value":"1"}]',
        number,
    )
