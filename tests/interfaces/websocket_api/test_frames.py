"""Every documented frame about charging, on a real server, with a real station."""

from __future__ import annotations

import pytest

from tests.interfaces.websocket_api.app import App
from tests.interfaces.websocket_api.charging import charging, end, moment, start_of, wait_for
from tests.processes import eventually
from tests.stack.station import PlainStation


def test_before_a_login_nothing_is_done(server, station):
    with App(server) as app:
        answer = app.ask("start_charging_request", start_of(station))
    assert answer["error"] == {
        "code": "NOT_AUTHENTICATED",
        "message": "Client not authenticated",
        "details": {"requiredAction": "Send auth_request with valid JWT token"},
    }
    assert not [one for one in station.asked if one.action == "RemoteStartTransaction"]


def test_a_driver_starts_hears_of_it_and_stops(station, app):
    app.say("start_charging_request", start_of(station), "msg-002")
    assert wait_for(station, "RemoteStartTransaction") == {"connectorId": 1, "idTag": "USER_123"}
    number = station.call(
        "StartTransaction",
        {
            "connectorId": 1,
            "idTag": "USER_123",
            "meterStart": 1000,
            "timestamp": moment(),
        },
    )["transactionId"]
    answer = app.hear("start_charging_response")
    assert answer["id"] == "msg-002-response"
    assert answer["data"] == {
        "success": True,
        "transactionId": number,
        "connectorId": 1,
        "chargePointId": station.cp_id,
        "status": "Accepted",
        "message": "Charging started successfully",
    }
    station.call(
        "StatusNotification", {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    )
    assert _status(app, "Charging") == {
        "chargePointId": station.cp_id,
        "connectorId": 1,
        "transactionId": number,
        "status": "Charging",
        "sessionStatus": "Active",
    }
    answer = app.ask(
        "stop_charging_request",
        {
            "chargePointId": station.cp_id,
            "transactionId": number,
            "userId": "ann",
            "reason": "UserStop",
        },
        "msg-003",
    )
    assert wait_for(station, "RemoteStopTransaction") == {"transactionId": number}
    assert answer["id"] == "msg-003-response"
    assert answer["type"] == "stop_charging_response"
    assert answer["data"] == {
        "success": True,
        "transactionId": number,
        "chargePointId": station.cp_id,
        "status": "Accepted",
        "message": "Charging stopped successfully",
    }
    end(station, number)
    while True:
        told = app.hear("charging_status_update")["data"]
        if told["sessionStatus"] == "Completed":
            break
    assert told["transactionId"] == number
    assert told["energyKWh"] == 15.0


def _status(app, word):
    """The next news of the connector being so."""
    while True:
        told = app.hear("charging_status_update")["data"]
        if told["status"] == word:
            return told


def test_meter_values_come_with_every_measurand(station, app):
    number, at = charging(station, app), moment()
    sampled = [
        {"value": "15234", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": "7500", "measurand": "Power.Active.Import", "unit": "W"},
        {"value": "230.1", "measurand": "Voltage", "unit": "V"},
        {"value": "32.6", "measurand": "Current.Import", "unit": "A"},
        {"value": "75", "measurand": "SoC", "unit": "Percent"},
    ]
    station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": at, "sampledValue": sampled}],
        },
    )
    told = app.hear("meter_values_update")
    assert told["id"].startswith("update-")
    data = told["data"]
    assert (data["chargePointId"], data["connectorId"]) == (station.cp_id, 1)
    assert data["transactionId"] == number
    assert data["meterValue"] == {
        "energyImportKWh": 15.234,
        "powerKw": 7.5,
        "voltage": 230.1,
        "current": 32.6,
        "stateOfCharge": 75.0,
        "timestamp": at,
    }
    assert data["energyKWh"] == 14.234
    end(station, number)


def test_every_device_of_a_driver_hears_and_nobody_else(server, station, ann, bob, app):
    with App(server) as other, App(server) as stranger:
        other.log_in(ann[1])
        stranger.log_in(bob[1])
        number = charging(station, app)
        told = other.hear("charging_status_update")["data"]
        while told["transactionId"] != number:
            told = other.hear("charging_status_update")["data"]
        end(station, number)
        assert stranger.ask("heartbeat", None, "hb")["type"] == "heartbeat"
        with pytest.raises(TimeoutError):
            stranger.hear(seconds=2)


def test_who_comes_back_hears_of_what_is_under_way(server, station, ann, app):
    number = charging(station, app)
    app.socket.close()
    with App(server) as again:
        again.log_in(ann[1])
        told = again.hear("charging_status_update")["data"]
        assert (told["transactionId"], told["sessionStatus"]) == (number, "Active")
        answer = again.ask(
            "stop_charging_request", {"chargePointId": station.cp_id, "transactionId": number}, "9"
        )
        assert answer["id"] == "9"
        assert answer["data"]["success"] is True
    end(station, number)


def test_nobody_stops_the_session_of_somebody_else(server, station, app, bob):
    number = charging(station, app)
    with App(server) as other:
        other.log_in(bob[1])
        asked = {"chargePointId": station.cp_id, "transactionId": number}
        answer = other.ask("stop_charging_request", asked)
    assert answer["error"]["code"] == "NOT_AUTHORIZED"
    assert answer["error"]["message"] == "Not authorized for this charge point"
    end(station, number)


def test_what_is_missing_wrong_or_away_has_its_code(server, station, app):
    missing = app.ask("start_charging_request", {"connectorId": 1})["error"]
    assert missing["code"] == "MISSING_PARAMETERS"
    assert missing["details"] == {"missing": ["chargePointId", "idTag"]}
    with PlainStation(server.ws, "CP_AWAY"):
        pass
    away = {"chargePointId": "CP_AWAY", "connectorId": 1, "idTag": "USER_123"}
    assert eventually(
        lambda: app.ask("start_charging_request", away)["error"]["code"] == "CHARGE_POINT_OFFLINE"
    )
    gone = {"chargePointId": station.cp_id, "transactionId": 987654}
    assert app.ask("stop_charging_request", gone)["error"]["code"] == "TRANSACTION_NOT_FOUND"


def test_a_mute_station_is_in_progress_and_then_an_error(server, app):
    with PlainStation(server.ws, "CP_MUTE", mute=True):
        asked = {"chargePointId": "CP_MUTE", "connectorId": 1, "idTag": "USER_123"}
        app.say("start_charging_request", asked, "5")
        answer = app.hear("start_charging_response")
        assert answer["data"]["status"] == "InProgress"
        assert answer["data"]["transactionId"] is None
        late = app.hear("error", seconds=40)
    assert late["replyTo"] == "5"
    assert late["error"]["code"] == "GATEWAY_ERROR"
