"""The two sample clients of the Charging WebSocket API's README, in Node, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import npm
from tests.interfaces import node
from tests.interfaces.node import PATIENCE_S
from tests.interfaces.websocket_api.app import a_driver
from tests.interfaces.websocket_api.charging import moment
from tests.processes import eventually, start_server
from tests.rows import change, rows
from tests.stack.station import PlainStation

HERE = Path(__file__).resolve().parent.parent / "clients"
CONFORMANCE = HERE.parent.parent / "conformance"  # its npm package brings ws along
SAMPLE_TRANSACTION = 12345  # the React Native sample stops this one


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
def token(server):
    return a_driver(server, "ann", "USER_123")[1]


def sample(script, server, *arguments):
    """A sample in a Node process."""
    command = [npm.installed(CONFORMANCE, "ocpp-rpc"), script]
    command.append(server.ws.removesuffix("/ocpp") + "/ws")
    env = {**os.environ, "NODE_PATH": str(CONFORMANCE / "node_modules")}
    return node.running(*command, *arguments, folder=HERE, env=env)


def begins(station):
    """The station does as it was asked; gives the transaction."""
    assert eventually(
        lambda: any(one.action == "RemoteStartTransaction" for one in station.asked),
        PATIENCE_S,
    )
    said = {"connectorId": 1, "idTag": "USER_123", "meterStart": 0, "timestamp": moment()}
    number = station.call("StartTransaction", said)["transactionId"]
    status = {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    station.call("StatusNotification", status)
    return number


def ends(station, number):
    said = {"transactionId": number, "meterStop": 5000, "timestamp": moment()}
    station.call("StopTransaction", said)


def test_the_javascript_client_starts_and_stops(server, token):
    with (
        PlainStation(server.ws, "CP_001") as station,
        sample("drive.js", server, token, "CP_001", "USER_123") as client,
    ):
        client.hear(lambda line: line["step"] == "connected")
        number = begins(station)
        started = client.hear(lambda line: line["step"] == "started")["data"]
        assert started["data"]["transactionId"] == number
        told = client.hear(lambda line: line["step"] == "Status update:")
        assert told["data"]["chargePointId"] == "CP_001"
        client.say("on")
        stopped = client.hear(lambda line: line["step"] == "stopped")["data"]
        assert stopped["data"] == {
            "success": True,
            "transactionId": number,
            "chargePointId": "CP_001",
            "status": "Accepted",
            "message": "Charging stopped successfully",
        }
        ends(station, number)


def test_the_javascript_client_is_told_why_not(server, token):
    with sample("drive.js", server, token, "CP_NOWHERE", "USER_123") as client:
        failed = client.hear(lambda line: line["step"] == "failed")
    assert failed["data"] == "There is no such charge point"


def test_the_react_native_client_shows_what_is(server, token):
    _next_transaction_is(server, SAMPLE_TRANSACTION)
    with (
        PlainStation(server.ws, "CP_002") as station,
        sample("control.js", server, token, "CP_002") as client,
    ):
        client.hear(lambda line: line.get("isConnected"))
        client.say("startCharging")
        assert begins(station) == SAMPLE_TRANSACTION
        assert client.hear(lambda line: "alert" in line) == {
            "alert": "Success",
            "message": "Charging started!",
        }
        assert client.hear(lambda line: line.get("isCharging"))["status"] == "Charging"
        client.say("stopCharging")
        assert client.hear(lambda line: "alert" in line) == {
            "alert": "Success",
            "message": "Charging stopped!",
        }
        ends(station, SAMPLE_TRANSACTION)


def _next_transaction_is(server, number):
    environment = server.environment
    if environment["DATABASE_URL"]:
        sequence = "pg_get_serial_sequence('stations_chargingsession', 'transaction_id')"
        rows(environment, f"SELECT setval({sequence}, ?)", number - 1)
        return
    table = "stations_chargingsession"
    if not change(
        environment, "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", number - 1, table
    ):
        change(environment, "INSERT INTO sqlite_sequence VALUES (?, ?)", table, number - 1)
