"""Payloads against the schemas of OCPP 1.6: strict for what we send, lenient for what we hear."""

from __future__ import annotations

import pytest

from ocpp_gateway import validation
from ocpp_gateway.v16 import CALLS, COMMANDS

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
METER = {
    "connectorId": 1,
    "meterValue": [{"timestamp": "2025-03-01T12:00:00Z", "sampledValue": [{"value": "1"}]}],
}


def heard(action, payload):
    """The code of what is wrong with a call of a station; None: nothing."""
    problem = validation.check_received(action, payload)
    return problem.code if problem else None


@pytest.mark.parametrize("action", sorted({*CALLS, *COMMANDS}))
def test_every_action_and_its_answer_has_a_schema(action):
    assert validation.schema(action)["type"] == "object"
    assert validation.schema(f"{action}Response")["type"] == "object"
    assert validation.knows(action)


@pytest.mark.parametrize("action", ["", "Nonsense", "heartbeat", "ResetResponse", "../Reset"])
def test_it_does_not_know_what_ocpp_does_not(action):
    assert not validation.knows(action)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Heartbeat", {}),
        ("StatusNotification", STATUS),
        ("MeterValues", METER),
        ("StatusNotification", STATUS | {"errorCode": "Error"}),
        ("StatusNotification", STATUS | {"status": "Occupied"}),
        ("StatusNotification", STATUS | {"info": "i" * 500}),
        ("StatusNotification", STATUS | {"somethingElse": [{"a": 1}]}),
        ("StatusNotification", STATUS | {"timestamp": "2025-03-01 12:00:00"}),
        ("StatusNotification", STATUS | {"timestamp": "2025-03-01T12:00:00+02"}),
        ("StatusNotification", STATUS | {"timestamp": ""}),
        ("BootNotification", {"chargePointVendor": "V" * 60, "chargePointModel": "M" * 60}),
        ("Authorize", {"idTag": "x" * 200}),
        ("MeterValues", METER | {"transactionId": -1}),
        ("StopTransaction", {"transactionId": 1, "meterStop": 2, "timestamp": "x"}),
    ],
)
def test_what_real_stations_overrun_is_let_in(action, payload):
    assert heard(action, payload) is None


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("StatusNotification", {}, "OccurenceConstraintViolation"),
        ("StatusNotification", {"status": "Available"}, "OccurenceConstraintViolation"),
        ("StatusNotification", STATUS | {"connectorId": "1"}, "TypeConstraintViolation"),
        ("StatusNotification", STATUS | {"connectorId": 1.5}, "TypeConstraintViolation"),
        ("StatusNotification", STATUS | {"connectorId": True}, "TypeConstraintViolation"),
        ("StatusNotification", STATUS | {"status": 5}, "TypeConstraintViolation"),
        ("StatusNotification", STATUS | {"status": None}, "TypeConstraintViolation"),
        ("MeterValues", METER | {"meterValue": "x"}, "TypeConstraintViolation"),
        ("MeterValues", METER | {"meterValue": []}, "OccurenceConstraintViolation"),
        ("MeterValues", METER | {"meterValue": [{}]}, "OccurenceConstraintViolation"),
        ("MeterValues", METER | {"meterValue": [5]}, "TypeConstraintViolation"),
    ],
)
def test_wrong_types_and_missing_members_are_refused(action, payload, code):
    assert heard(action, payload) == code


@pytest.mark.parametrize("member", ["value", "unit", "context", "format", "phase", "measurand"])
def test_the_members_of_a_sample_keep_their_types(member):
    sampled = {"value": "1"} | {member: {"a": [1]}}
    element = {"timestamp": "2025-03-01T12:00:00Z", "sampledValue": [sampled]}
    assert heard("MeterValues", METER | {"meterValue": [element]}) == "TypeConstraintViolation"


@pytest.mark.parametrize("secret", ["S3CRET" * 5, {"S3CRET": ["S3CRET"]}, ["S3CRET"]])
def test_no_message_repeats_what_the_sender_wrote(secret):
    for payload in (
        STATUS | {"connectorId": secret},
        {"connectorId": secret},
        STATUS | {"status": [secret]},
    ):
        problem = validation.check_received("StatusNotification", payload)
        assert problem is not None
        assert "S3CRET" not in problem.message
        assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("action", "payload", "field", "code"),
    [
        ("Reset", {}, "type", "OccurenceConstraintViolation"),
        ("Reset", {"type": "Warm"}, "type", "PropertyConstraintViolation"),
        ("Reset", {"type": 5}, "type", "TypeConstraintViolation"),
        ("Reset", {"type": "Soft", "extra": 1}, "extra", "FormationViolation"),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "idTag", "PropertyConstraintViolation"),
        ("UnlockConnector", {"connectorId": "1"}, "connectorId", "TypeConstraintViolation"),
        ("GetConfiguration", {"key": ["x" * 51]}, "key.0", "PropertyConstraintViolation"),
        (
            "ReserveNow",
            {"connectorId": 1, "idTag": "x", "reservationId": 1, "expiryDate": "soon"},
            "expiryDate",
            "PropertyConstraintViolation",
        ),
    ],
)
def test_what_we_send_passes_the_specification_to_the_letter(action, payload, field, code):
    problems = validation.check_call(action, payload)
    assert {problem.field for problem in problems} == {field}
    assert problems[0].code == code


def test_it_names_everything_that_is_wrong():
    problems = validation.check_call("ReserveNow", {"connectorId": "1"})
    assert {problem.field for problem in problems} == {
        "connectorId",
        "expiryDate",
        "idTag",
        "reservationId",
    }


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": "Accepted"}, None),
        ({"status": "Maybe"}, None),
        ({"status": "Accepted", "extra": 1}, None),
        ({}, "OccurenceConstraintViolation"),
        ({"status": 5}, "TypeConstraintViolation"),
    ],
)
def test_answers_of_stations_are_read_leniently(answer, code):
    problem = validation.check_answer("Reset", answer)
    assert (problem.code if problem else None) == code
