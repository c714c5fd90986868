"""Frames that another gateway carried, in the message log."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from cms.shared import clock
from ocpp_gateway.models import OcppMessage
from tests.gateways.conftest import send

PATH = "charger/DEV1/ocpp-message"
STORED = {"success": True, "message": "OCPP message stored successfully"}
DUPLICATE = {"success": True, "message": "OCPP message already exists (duplicate)"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}


def message(number="m1", action="StatusNotification", payload=None, **more):
    """As their backend was sent it."""
    data = STATUS if payload is None else payload
    return {
        "type": "OCPP",
        "message": action,
        "messageId": number,
        "connectorId": 1,
        "messageData": data,
        "raw": [2, number, action, data],
        "direction": "Incoming",
        "timestamp": clock.text(clock.now()),
        **more,
    }


def answer_to(number="m1", **more):
    """What answered it."""
    return message(number, "Response", {}, raw=[3, number, {}], direction="Outgoing", **more)


def test_a_frame_is_kept_as_it_was(gateway, station):
    assert send(gateway, "post", PATH, message()).json() == STORED
    row = OcppMessage.objects.get()
    assert (row.station_id, row.direction, row.message_id) == (station.pk, "Received", "m1")
    assert row.action == "StatusNotification"
    assert row.request.startswith('[2,"m1","StatusNotification",{"connectorId":1')


def test_the_way_it_went_is_kept(gateway, station):
    call = message(action="Reset", payload={"type": "Soft"}, direction="Outgoing")
    send(gateway, "post", PATH, call)
    assert OcppMessage.objects.get().direction == "Sent"


def test_an_answer_stands_with_its_call(gateway, station):
    send(gateway, "post", PATH, message())
    assert send(gateway, "post", PATH, answer_to()).json() == STORED
    row = OcppMessage.objects.get()
    assert row.response == '[3,"m1",{}]'
    assert row.latency_ms is not None
    assert send(gateway, "post", PATH, answer_to()).json() == DUPLICATE


def test_an_error_stands_with_its_call(gateway, station):
    send(gateway, "post", PATH, message())
    raw = [4, "m1", "NotImplemented", "", {}]
    send(gateway, "post", PATH, answer_to() | {"raw": raw})
    assert OcppMessage.objects.get().error_code == "NotImplemented"


def test_an_answer_to_nothing_is_kept_by_itself(gateway, station):
    send(gateway, "post", PATH, answer_to("lost"))
    row = OcppMessage.objects.get()
    assert (row.action, row.request, row.direction) == ("", '[3,"lost",{}]', "Sent")
    assert send(gateway, "post", PATH, answer_to("lost")).json() == DUPLICATE


def test_told_twice_it_is_kept_once(gateway, station):
    body = message()
    assert send(gateway, "post", PATH, body).json() == STORED
    assert send(gateway, "post", PATH, body).json() == DUPLICATE
    assert OcppMessage.objects.count() == 1


def test_another_direction_action_or_time_is_another_message(gateway, station):
    now = clock.now()
    earlier = clock.text(now - timedelta(seconds=30))
    bodies = [
        message(),
        message(direction="Outgoing"),
        message(action="Heartbeat", payload={}),
        message(timestamp=earlier),
    ]
    for body in bodies:
        assert send(gateway, "post", PATH, body).json() == STORED
    assert OcppMessage.objects.count() == len(bodies)


def test_secrets_are_masked(gateway, station):
    payload = {"key": "AuthorizationKey", "value": "sixteen-letters!"}
    call = message(action="ChangeConfiguration", payload=payload, direction="Outgoing")
    send(gateway, "post", PATH, call)
    row = OcppMessage.objects.get()
    assert "sixteen" not in row.request
    assert "***" in row.request


def test_a_frame_is_written_anew_from_its_parts(gateway, station):
    send(gateway, "post", PATH, {"message": "Heartbeat", "messageId": "m9"})
    assert OcppMessage.objects.get().request == '[2,"m9","Heartbeat",{}]'


def test_a_time_far_away_is_the_time_it_was_told(gateway, station):
    before = clock.now()
    send(gateway, "post", PATH, message(timestamp="2001-01-01T00:00:00Z"))
    assert OcppMessage.objects.get().at >= before


def test_a_time_of_today_is_kept(gateway, station):
    at = clock.now().replace(microsecond=0) - timedelta(minutes=5)
    send(gateway, "post", PATH, message(timestamp=clock.text(at)))
    assert OcppMessage.objects.get().at == at.astimezone(UTC)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "message is required"),
        ({"message": "Heartbeat", "direction": "Up"}, 'direction: "Up" is not a valid choice.'),
        (
            {"message": "Heartbeat", "timestamp": "then"},
            "timestamp: should be a time such as 2026-01-31T18:00:00Z",
        ),
    ],
)
def test_what_is_no_message_is_refused(gateway, station, body, why):
    answer = send(gateway, "post", PATH, body)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": why})


def test_a_long_frame_is_cut(gateway, station):
    payload = {"vendorId": "x", "data": "y" * 100_000}
    assert send(gateway, "post", PATH, message(payload=payload)).status_code == 200
    assert len(OcppMessage.objects.get().request) < 21_000
