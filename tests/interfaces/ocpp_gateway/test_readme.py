"""Every documented call and frame of the OCPP Gateway's README, against a running server."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.interfaces.ocpp_gateway.conftest import ANSWERS
from tests.processes import eventually

ACCEPTED = {"status": "Accepted"}


def moment(minutes: float = 0) -> str:
    """So many minutes from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def begin(station, tag: str = "RFID_001", connector: int = 1) -> int:
    """A session; gives its transaction id."""
    start = {"connectorId": connector, "idTag": tag, "meterStart": 1000, "timestamp": moment()}
    started = station.call("StartTransaction", start)
    assert started["idTagInfo"]["status"] == "Accepted"
    number: int = started["transactionId"]
    return number


def end(station, number: int) -> dict:
    """Its end."""
    stop = {"transactionId": number, "meterStop": 6000, "timestamp": moment()}
    return dict(station.call("StopTransaction", stop))


def row(answer, name: str, value):
    """The row of a list that has this value."""
    assert answer.status == 200, answer
    [found] = [one for one in answer.body if one[name] == value]
    return found


def test_the_test_clients_way(station, api):
    """Boot, a whole session with readings, the stop: as ocpp_test_client.py goes."""
    assert station.call("Heartbeat")["currentTime"].endswith("Z")
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert station.call("StatusNotification", status) == {}
    assert station.call("Authorize", {"idTag": "RFID_001"})["idTagInfo"]["status"] == "Accepted"
    number = begin(station)
    assert 0 < number < 2**31
    for wh in (2000, 3000, 4000):
        sampled = [{"value": str(wh), "unit": "Wh"}]
        values = {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": moment(), "sampledValue": sampled}],
        }
        assert station.call("MeterValues", values) == {}
    assert "idTagInfo" not in end(station, number)
    session = row(api.get(f"sessions/station/{station.cp_id}"), "id", number)
    assert (session["sessionStatus"], session["energyKwh"]) == ("COMPLETED", 5.0)


def test_a_boot_is_answered_with_a_heartbeat_of_a_minute_at_most(station):
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    answer = station.call("BootNotification", boot)
    assert answer["status"] == "Accepted"
    assert 54 <= answer["interval"] <= 60
    assert abs(datetime.fromisoformat(answer["currentTime"]) - datetime.now(UTC)) < timedelta(
        minutes=1
    )


def test_stations(station, api):
    cp_id = station.cp_id
    assert row(api.get("stations?limit=1000"), "ocppIdentifier", cp_id)["status"] == "ONLINE"
    assert api.get(f"stations/{cp_id}").body["ocppIdentifier"] == cp_id
    assert cp_id in api.get("stations/connected/list").body["connectedStations"]
    missing = api.get("stations/NOBODY")
    assert (missing.status, missing.body["error"]) == (404, "Station not found")


def test_a_station_that_leaves_is_offline(server, api):
    url = f"{server.ws.removesuffix('/ocpp')}/CP_LEAVES"
    with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
        assert socket.subprotocol == "ocpp1.6"
        assert api.get("stations/CP_LEAVES").body["status"] == "ONLINE"
    left = lambda: api.get("stations/CP_LEAVES").body["status"] == "OFFLINE"  # noqa: E731
    assert eventually(left, 30)


def test_sessions(station, api):
    number = begin(station, "RFID_002")
    assert row(api.get("sessions?limit=1000"), "id", number)["ocppIdTag"] == "RFID_002"
    [session] = api.get(f"sessions/station/{station.cp_id}").body
    assert session["sessionStatus"] == "ACTIVE"
    end(station, number)


def test_cards(station, api):
    made = {"tagId": "RFID_NEW", "status": "Active", "validUntil": "2099-12-31T23:59:59Z"}
    assert api.post("rfid", made).status == 201
    assert row(api.get("rfid?limit=1000"), "tagId", "RFID_NEW")["status"].upper() == "ACTIVE"
    for way, body, standing in (
        ("block", None, "Blocked"),
        ("activate", None, "Accepted"),
    ):
        assert api.post(f"rfid/RFID_NEW/{way}", body).status == 200
        said = station.call("Authorize", {"idTag": "RFID_NEW"})["idTagInfo"]["status"]
        assert said == standing
    assert api.get("rfid/RFID_NEW").body["tagId"] == "RFID_NEW"
    assert api.get("rfid/NOBODY").status == 404
    assert station.call("Authorize", {"idTag": "NOBODY"})["idTagInfo"]["status"] == "Invalid"


@pytest.mark.parametrize(
    ("path", "body", "action", "asked"),
    [
        (
            "start-transaction",
            {"connectorId": 1, "idTag": "RFID_001"},
            "RemoteStartTransaction",
            {"connectorId": 1, "idTag": "RFID_001"},
        ),
        (
            "stop-transaction",
            {"transactionId": 123456},
            "RemoteStopTransaction",
            {"transactionId": 123456},
        ),
        (
            "change-availability",
            {"connectorId": 1, "type": "Operative"},
            "ChangeAvailability",
            {"connectorId": 1, "type": "Operative"},
        ),
        ("reset", {"type": "Soft"}, "Reset", {"type": "Soft"}),
        (
            "change-configuration",
            {"key": "MeterValueSampleInterval", "value": "30"},
            "ChangeConfiguration",
            {"key": "MeterValueSampleInterval", "value": "30"},
        ),
    ],
)
def test_remote_control(station, api, path, body, action, asked):
    answer = api.post(f"admin/{station.cp_id}/{path}", body)
    assert (answer.status, answer.body) == (200, ACCEPTED)
    assert asked in [one.payload for one in station.asked if one.action == action]


@pytest.mark.parametrize(
    ("path", "body", "action"),
    [
        ("unlock-connector", {"connectorId": 1}, "UnlockConnector"),
        ("get-configuration", {"key": ["HeartbeatInterval"]}, "GetConfiguration"),
        ("get-configuration", {}, "GetConfiguration"),
    ],
)
def test_what_the_station_answers_is_handed_on(station, api, path, body, action):
    answer = api.post(f"admin/{station.cp_id}/{path}", body)
    assert (answer.status, answer.body) == (200, ANSWERS[action])


def test_a_station_that_is_away_cannot_be_asked(api):
    assert api.post("admin/CP_NOWHERE/reset", {"type": "Soft"}).status == 404


def test_reservations_a_station_sends_are_answered(station):
    reserve = {
        "connectorId": 1,
        "expiryDate": moment(30),
        "idTag": "RFID_001",
        "reservationId": 77,
    }
    station.call(
        "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    )
    assert station.call("ReserveNow", reserve) == ACCEPTED
    assert station.call("CancelReservation", {"reservationId": 77}) == ACCEPTED


def test_frames_stand_in_the_log_as_documented(server, station):
    station.call("Heartbeat")
    assert eventually(lambda: f"[{station.cp_id}] Received: [2, " in server.said, 30)
    assert f"[{station.cp_id}] Sending: [3," in server.said


def test_an_unknown_call_is_answered_with_an_error(server):
    url = f"{server.ws.removesuffix('/ocpp')}/CP_ODD"
    with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
        socket.send(json.dumps([2, "u1", "Foo", {}]))
        kind, number, code, *_ = json.loads(socket.recv(timeout=30))
    assert (kind, number, code) == (4, "u1", "NotImplemented")
