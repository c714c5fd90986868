"""Every method that FlexiCharge's README documents, as one reaches it here, on a running server."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.interfaces.websocket_api.app import a_driver
from tests.processes import start_server
from tests.stack.station import PlainStation
from tests.web import Api, with_api_key

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def api(server) -> Api:
    """A program that may do everything, where energy has a price."""
    program = with_api_key(server, "read,write,control,money")
    terms = {"currency": "EUR", "components": [{"kind": "energy", "price": "0.30"}]}
    tariff = program.post("tariffs", {"name": "Everywhere", "terms": terms}).body["id"]
    assigned = program.post(f"tariffs/{tariff}/assignments", {"level": "everywhere"})
    assert assigned.status == 201, assigned
    return program


@pytest.fixture(scope="module")
def ann(server) -> str:
    """The number of somebody with the card ANN-1."""
    return a_driver(server, "ann", "ANN-1")[0]


@pytest.fixture
def station(server):
    """A charger with one free outlet."""
    with PlainStation(server.ws, f"FLEXI-{next(NUMBERS)}") as connected:
        says(connected, "Available")
        yield connected


def says(station: PlainStation, status: str) -> None:
    """Its outlet's status."""
    said = {"connectorId": 1, "errorCode": "NoError", "status": status}
    assert station.call("StatusNotification", said) == {}


def moment(minutes: float = 0) -> str:
    """So many minutes from now."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def begin(station: PlainStation, tag: str = "ANN-1") -> int:
    """A session with a reading; gives its transaction id."""
    start = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": moment()}
    number: int = station.call("StartTransaction", start)["transactionId"]
    value = {"timestamp": moment(), "sampledValue": [{"value": "6000", "unit": "Wh"}]}
    said = {"connectorId": 1, "transactionId": number, "meterValue": [value]}
    assert station.call("MeterValues", said) == {}
    return number


def end(station: PlainStation, number: int) -> None:
    """Its end."""
    station.call(
        "StopTransaction", {"transactionId": number, "meterStop": 7000, "timestamp": moment()}
    )


def members(api: Api, path: str, name: str) -> list[Any]:
    """One member of each row of a list."""
    answer = api.get(path)
    assert answer.status == 200, answer
    return [row[name] for row in answer.body]


def test_a_charger_is_added_found_and_removed(api):
    made = api.post("stations", {"ocppIdentifier": "FLEXI-NEW", "serialNumber": "abc117"})
    assert made.status == 201
    assert api.get("stations/FLEXI-NEW").body["serialNumber"] == "abc117"
    assert members(api, "stations?serialNumber=abc117", "ocppIdentifier") == ["FLEXI-NEW"]
    assert "FLEXI-NEW" in members(api, "stations?limit=1000", "ocppIdentifier")
    assert api.delete("stations/FLEXI-NEW").status == 204
    assert api.get("stations/FLEXI-NEW").status == 404


def test_chargers_are_available_as_their_status_says(api, station):
    free = "stations?available=true&limit=1000"
    assert station.cp_id in members(api, free, "ocppIdentifier")
    for status in ("Charging", "Reserved", "Faulted"):
        says(station, status)
        shown = api.get(f"stations/{station.cp_id}").body["connectors"]
        assert [one["status"] for one in shown if one["connectorId"] == 1] == [status]
        assert station.cp_id not in members(api, free, "ocppIdentifier")


def test_a_transaction_is_found_by_number_user_and_charger(api, station, ann):
    number = begin(station)
    session = api.get(f"sessions/{number}").body
    assert (session["startMeterValue"], session["lastMeterValue"]) == (1000, 6000)
    assert session["energyKwh"] == 5.0
    assert number in members(api, f"sessions?userId={ann}", "id")
    assert members(api, f"sessions/station/{station.cp_id}", "id") == [number]
    end(station, number)
    assert api.get(f"sessions/{number}").body["stopMeterValue"] == 7000


def test_a_transaction_of_somebody_else_is_not_found_by_user(api, station, ann):
    assert api.post("rfid", {"tagId": "NOT-ANN", "status": "Active"}).status == 201
    number = begin(station, "NOT-ANN")
    assert number not in members(api, f"sessions?userId={ann}", "id")
    end(station, number)


def test_the_payment_of_a_transaction_is_found_by_it(api, station, ann):
    number = begin(station)
    wanted = {"amount": "5", "provider": "cash", "purpose": "Session", "transactionId": number}
    paid = api.post("payments", {**wanted, "customerId": ann}, key=f"pays-{number}")
    assert paid.status == 201, paid
    found = members(api, f"payments?customerId={ann}&sessionId={number}", "id")
    assert found == [paid.body["id"]]
    end(station, number)


def test_a_reservation_is_made_found_by_user_and_charger_and_removed(api, station, ann):
    wanted = {
        "ocppIdentifier": station.cp_id,
        "connectorId": 1,
        "idTag": "ANN-1",
        "expiryDate": moment(30),
    }
    made = api.post("reservations", wanted)
    assert (made.status, made.body["status"]) == (201, "Accepted")
    number = made.body["id"]
    assert api.get(f"reservations/{number}").body["connectorId"] == 1
    assert number in members(api, f"reservations?userId={ann}", "id")
    assert members(api, f"reservations?station={station.cp_id}", "id") == [number]
    assert api.delete(f"reservations/{number}").status in (200, 204)
    assert [one.action for one in station.asked if "Reserv" in one.action] == [
        "ReserveNow",
        "CancelReservation",
    ]
    assert api.get(f"reservations/{number}").body["status"] == "Cancelled"
