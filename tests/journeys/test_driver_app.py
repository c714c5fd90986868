"""A driver at a running server, over REST: registers, reserves, charges, stops, looks back."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.interfaces.websocket_api.charging import wait_for
from tests.journeys.test_driver_charges import story
from tests.processes import start_server
from tests.simulator.charge_point import ChargePoint
from tests.simulator.clock import Clock
from tests.stack.station import PlainStation
from tests.web import Api

PASSWORD = "battery staple 7"


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "REGISTRATION": "card",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture
def station(server):
    with PlainStation(server.ws, "APP-JOURNEY-1") as connected:
        free = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        connected.call("StatusNotification", free)
        yield connected


def moment():
    """Now, as stations write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_minutes(minutes):
    """So many minutes from now, in whole seconds."""
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return moment.isoformat()


def registered(server, email):
    """An app that is logged in, of somebody who just registered."""
    who = {"name": "Eve Moss", "email": email, "password": PASSWORD}
    assert Api(server.http).post("auth/register", who).status == 202
    pair = Api(server.http).post("auth/token", {"username": email, "password": PASSWORD})
    assert pair.status == 200, pair
    return Api(server.http, f"Bearer {pair.body['access']}")


def test_a_driver_registers_reserves_charges_and_looks_back(server, station):
    app = registered(server, "eve.journey@example.com")
    [card] = app.get("me/cards").body
    where = {"ocppIdentifier": "APP-JOURNEY-1", "connectorId": 1}
    kept = app.post("me/reservations?wait=20", where)
    assert (kept.status, kept.body["status"]) == (201, "Accepted")
    with ThreadPoolExecutor(1) as aside:
        asked = aside.submit(app.post, "me/sessions?wait=30", where)
        payload = wait_for(station, "RemoteStartTransaction")
        assert payload == {"connectorId": 1, "idTag": card["tagId"]}
        begin = {**payload, "meterStart": 1000, "timestamp": moment()}
        begin["reservationId"] = kept.body["id"]
        number = station.call("StartTransaction", begin)["transactionId"]
        started = asked.result(timeout=40)
    assert (started.status, started.body["sessionId"]) == (200, number), started
    sampled = {"value": "3000", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    reading = {"timestamp": moment(), "sampledValue": [sampled]}
    station.call(
        "MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [reading]}
    )
    shown = app.get(f"me/sessions/{number}").body
    assert (shown["energyKwh"], shown["live"]["meterKwh"]) == (2.0, 3.0)
    stopped = app.post(f"me/sessions/{number}/stop?wait=20")
    assert (stopped.status, stopped.body["status"]) == (200, "Accepted")
    station.call(
        "StopTransaction", {"transactionId": number, "meterStop": 4000, "timestamp": moment()}
    )
    [ended] = app.get("me/sessions?open=false").body
    assert (ended["sessionId"], ended["energyKwh"]) == (number, 3.0)
    assert app.get(f"me/reservations/{kept.body['id']}").body["status"] == "Used"
    other = registered(server, "mallory.journey@example.com")
    assert other.get(f"me/sessions/{number}").status == 404


@story
async def test_a_reservation_is_extended_at_the_station_and_given_up(server):
    app = await asyncio.to_thread(registered, server, "ida.journey@example.com")
    in_step = Clock(1.0)  # the end it keeps is as far away as ours
    async with ChargePoint("APP-JOURNEY-2", server.ws, clock=in_step, patience=30) as station:
        await station.ready()
        where = {"ocppIdentifier": "APP-JOURNEY-2", "connectorId": 1}
        kept = await asyncio.to_thread(app.post, "me/reservations?wait=20", where)
        assert (kept.status, kept.body["status"]) == (201, "Accepted"), kept
        path, until = f"me/reservations/{kept.body['id']}", in_minutes(45)
        longer = await asyncio.to_thread(app.patch, f"{path}?wait=20", {"expiryDate": until})
        assert (longer.status, longer.body["status"]) == (200, "Accepted"), longer
        held = station.reservations.at(1)
        assert held is not None
        assert (held.id, held.expires_at.isoformat()) == (kept.body["id"], until)
        over = await asyncio.to_thread(app.post, f"{path}/cancel?wait=20")
        assert (over.status, over.body["status"]) == (200, "Cancelled"), over
        assert station.reservations.at(1) is None
