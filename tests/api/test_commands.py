"""POST /api/admin/<cpId>/<command>: what is sent, what is refused, how the answer comes back."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from ocpp_gateway import validation
from ocpp_gateway.frames import CallError
from ocpp_gateway.v16 import COMMANDS
from stations.models import Command, ConfigurationKey
from tests.api.conftest import Answers

START = {"connectorId": 1, "idTag": "RFID_001"}
# path, body, the OCPP action and payload it becomes
MEANINGS = [
    ("start-transaction", START, "RemoteStartTransaction", START),
    ("remote-start-transaction", START, "RemoteStartTransaction", START),
    ("stop-transaction", {"transactionId": 7}, "RemoteStopTransaction", {"transactionId": 7}),
    ("remote-stop-transaction", {"transactionId": 7}, "RemoteStopTransaction", None),
    ("change-availability", {"connectorId": 1, "type": "Operative"}, "ChangeAvailability", None),
    ("change-availability", {"connectorId": 0, "type": "Inoperative"}, "ChangeAvailability", None),
    ("reset", {}, "Reset", {"type": "Soft"}),
    ("reset", {"type": "Hard"}, "Reset", None),
    ("unlock-connector", {"connectorId": 1}, "UnlockConnector", None),
    ("get-configuration", {}, "GetConfiguration", {}),
    ("get-configuration", {"key": ["HeartbeatInterval"]}, "GetConfiguration", None),
    ("change-configuration", {"key": "A", "value": "60"}, "ChangeConfiguration", None),
    ("clear-cache", {}, "ClearCache", {}),
    ("data-transfer", {"vendorId": "acme", "data": "x"}, "DataTransfer", None),
    ("trigger-message", {"requestedMessage": "Heartbeat"}, "TriggerMessage", None),
    ("unlock-connector", {"connectorId": 1.0}, "UnlockConnector", {"connectorId": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "action", "payload"), MEANINGS)
def test_a_command_becomes_the_call_of_its_name(
    api: APIClient, online, path, body, action, payload
):
    response = api.post(f"/api/admin/cp_001/{path}?wait=0", body, format="json")
    assert response.status_code == 202
    command = Command.objects.get()
    assert (command.station_id, command.action) == (online.pk, action)
    assert command.payload == (body if payload is None else payload)
    assert isinstance(command.payload.get("connectorId", 0), int)
    assert validation.check_call(action, command.payload) == []


@pytest.mark.parametrize(
    ("value", "text"), [(60, "60"), (0.5, "0.5"), (2.0, "2"), (True, "true"), (False, "false")]
)
def test_a_setting_becomes_text(api: APIClient, online, value, text):
    body = {"key": "A", "value": value}
    api.post("/api/admin/CP_001/change-configuration?wait=0", body, format="json")
    assert Command.objects.get().payload == {"key": "A", "value": text}


def test_every_command_we_speak_has_its_paths(api: APIClient, station):
    for route in COMMANDS.values():
        for path in route.path:
            response = api.post(f"/api/admin/CP_001/{path}", {"x": 1}, format="json")
            assert response.status_code == 400, path
            assert api.get(f"/api/admin/CP_001/{path}").status_code == 405


def test_a_command_needs_no_body_where_it_means_something(api: APIClient, online):
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        response = api.post("/api/admin/CP_001/reset/?wait=0", content_type=content_type)
        assert response.status_code == 202
    assert {command.payload["type"] for command in Command.objects.all()} == {"Soft"}


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("start-transaction", {"connectorId": 1}, ["idTag"]),
        ("start-transaction", {}, ["idTag"]),
        ("start-transaction", {**START, "idTag": "x" * 21}, ["idTag"]),
        ("start-transaction", {**START, "connectorId": "1"}, ["connectorId"]),
        ("start-transaction", {**START, "idtag": "A"}, ["idtag"]),
        ("start-transaction", {**START, "connectorId": None}, ["connectorId"]),
        ("stop-transaction", {"transactionId": "7"}, ["transactionId"]),
        ("stop-transaction", {"transactionId": True}, ["transactionId"]),
        ("change-availability", {"connectorId": 1, "type": "Broken"}, ["type"]),
        ("reset", {"type": "Warm"}, ["type"]),
        ("change-configuration", {"key": "A"}, ["value"]),
        ("change-configuration", {"key": "A", "value": [1]}, ["value"]),
        ("change-configuration", {"key": "A" * 51, "value": "1"}, ["key"]),
        ("get-configuration", {"key": [1]}, ["key.0"]),
        ("trigger-message", {"requestedMessage": "Tea"}, ["requestedMessage"]),
        ("cancel-reservation", {}, ["reservationId"]),
        ("reserve-now", {"connectorId": 1}, ["expiryDate", "idTag"]),
        (
            "start-transaction",
            {**START, "chargingProfile": {"chargingProfileId": "x"}},
            [
                "chargingProfile.chargingProfileId",
                "chargingProfile.chargingProfileKind",
                "chargingProfile.chargingProfilePurpose",
                "chargingProfile.chargingSchedule",
                "chargingProfile.stackLevel",
            ],
        ),
    ],
)
def test_a_bad_body_is_a_400_with_the_names_of_its_fields(
    api: APIClient, online, path, body, fields
):
    response = api.post(f"/api/admin/CP_001/{path}", body, format="json")
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error"
    assert sorted(response.json()["fields"]) == fields
    assert all(field in response.json()["error"] for field in fields)
    assert not Command.objects.exists()


@pytest.mark.parametrize("body", ["[1]", "7", '"reset"', "null", '{"transactionId": 1e30}'])
def test_a_body_that_is_no_payload_is_a_400(api: APIClient, online, body):
    path = "/api/admin/CP_001/stop-transaction"
    assert api.post(path, body, content_type="application/json").status_code == 400


def test_a_bad_body_is_told_even_while_the_station_is_offline(api: APIClient, station):
    response = api.post("/api/admin/CP_001/start-transaction", {}, format="json")
    assert response.status_code == 400


def test_an_unknown_station_is_a_404(api: APIClient, db):
    response = api.post("/api/admin/NOBODY/reset", {}, format="json")
    assert response.status_code == 404
    assert response.json()["error"] == "Station not found"


def test_an_unknown_command_is_a_404(api: APIClient, online):
    assert api.post("/api/admin/CP_001/explode", {}, format="json").status_code == 404


def test_a_station_that_is_offline_is_a_409_at_once(api: APIClient, station):
    response = api.post("/api/admin/CP_001/start-transaction", START, format="json")
    assert response.status_code == 409
    assert response.json() == {
        "code": "station_offline",
        "error": "Charge point CP_001 not connected",
    }
    assert not Command.objects.exists()


def test_a_command_may_queue_for_a_station_that_is_offline(api: APIClient, station):
    response = api.post("/api/admin/CP_001/reset?queue=3600&wait=0", {}, format="json")
    assert response.status_code == 202
    command = Command.objects.get()
    assert response.json() == {
        "id": command.pk,
        "url": f"/api/commands/{command.pk}",
        "status": "Waiting",
    }
    assert (command.send_before - command.requested_at).total_seconds() == 3600


@pytest.mark.parametrize(
    "query", ["wait=-1", "wait=61", "wait=nan", "wait=x", "queue=0", "queue=86401", "queue=inf"]
)
def test_a_bad_wait_or_queue_is_a_400(api: APIClient, online, query):
    response = api.post(f"/api/admin/CP_001/reset?{query}", {}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [query.partition("=")[0]]
    assert not Command.objects.exists()


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_the_answer_of_the_station_is_the_answer(api: APIClient, online, answers: Answers, status):
    answers({"status": status})
    response = api.post("/api/admin/CP_001/start-transaction", START, format="json")
    assert response.status_code == 200
    assert response.json() == {"status": status}
    assert response["Location"] == f"/api/commands/{Command.objects.get().pk}"


def test_the_whole_answer_is_handed_on(api: APIClient, online, answers: Answers):
    told = {
        "configurationKey": [{"key": "A", "readonly": False, "value": "1"}],
        "unknownKey": ["B"],
    }
    answers(told)
    response = api.post("/api/admin/CP_001/get-configuration", {"key": ["A", "B"]}, format="json")
    assert response.json() == told
    assert ConfigurationKey.objects.get().value == "1"


def test_an_error_of_the_station_is_a_502(api: APIClient, online, answers: Answers):
    answers(error=CallError("x", "NotSupported", "no such thing"))
    response = api.post("/api/admin/CP_001/clear-cache", {}, format="json")
    assert response.status_code == 502
    command = Command.objects.get()
    assert response.json() == {
        "code": "station_error",
        "error": "CP_001 answered ClearCache with an error: NotSupported no such thing",
        "id": command.pk,
        "url": f"/api/commands/{command.pk}",
        "status": "Failed",
        "errorCode": "NotSupported",
        "errorDescription": "no such thing",
    }


def test_a_station_that_does_not_answer_is_a_504(api: APIClient, online, answers: Answers):
    answers()
    response = api.post("/api/admin/CP_001/clear-cache", {}, format="json")
    assert response.status_code == 504
    assert response.json()["code"] == "no_answer"
    assert response.json()["error"] == "CP_001 did not answer ClearCache in time"


def test_an_answer_that_is_still_open_is_a_202(api: APIClient, online):
    response = api.post("/api/admin/CP_001/reset?wait=0.1", {}, format="json")
    assert response.status_code == 202
    assert response.json()["status"] == "Waiting"
