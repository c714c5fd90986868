"""The envelope of the drivers' socket: what is read, what is refused, whose answer is whose."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.drivers import envelope
from cms.drivers.envelope import Incoming, Refused

AT = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def asked(number):
    return Incoming(number, "start_charging_request", {})


def test_a_frame_is_read_with_its_parts():
    frame = envelope.read('{"id": "msg-1", "type": "heartbeat", "data": {"a": 1}}')
    assert frame == Incoming("msg-1", "heartbeat", {"a": 1})


def test_data_and_id_may_be_missing_and_an_id_may_be_a_number():
    assert envelope.read('{"type": "heartbeat"}') == Incoming("", "heartbeat", {})
    assert envelope.read('{"type": "heartbeat", "id": 7}').id == "7"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("xx", ""),
        ("[]", ""),
        ('"text"', ""),
        ("{}", "type"),
        ('{"type": 3}', "type"),
        ('{"type": ""}', "type"),
        ('{"type": "heartbeat", "id": {}}', "id"),
        ('{"type": "heartbeat", "id": true}', "id"),
        ('{"type": "heartbeat", "id": "' + "x" * 101 + '"}', "id"),
        ('{"type": "heartbeat", "data": []}', "data"),
        ('{"type": "heartbeat", "data": "x"}', "data"),
    ],
)
def test_what_is_no_frame_is_refused_with_what_is_wrong_with_it(text, named):
    with pytest.raises(Refused) as refused:
        envelope.read(text)
    assert refused.value.code == "INVALID_MESSAGE_FORMAT"
    assert list(refused.value.details) == ([named] if named else [])


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_whatever_comes_is_a_frame_or_refused(sent):
    try:
        frame = envelope.read(sent)
    except Refused:
        return
    assert isinstance(frame.data, dict)


@pytest.mark.parametrize(
    ("number", "answered"),
    [
        ("1", "1"),  # the sample client compares ids
        ("1732190400000", "1732190400000"),
        ("msg-002", "msg-002-response"),  # as the documents show it
        ("", "-response"),
        ("１", "１-response"),  # a digit, but not one of theirs
    ],
)
def test_an_answer_has_the_id_its_client_waits_for_and_says_what_it_answers(number, answered):
    frame = json.loads(envelope.answer(asked(number), "start_charging_response", {"a": 1}, AT))
    assert frame == {
        "id": answered,
        "type": "start_charging_response",
        "timestamp": "2025-03-01T12:00:00.123Z",
        "data": {"a": 1},
        "replyTo": number,
    }


def test_an_error_says_what_it_is_of_where_that_is_known():
    refused = Refused("INVALID_REQUEST", "No such thing", connectorId="should be a number")
    known = json.loads(envelope.error(refused, AT, asked("m")))
    assert known["id"] == "m-response"
    assert known["replyTo"] == "m"
    assert known["error"] == {
        "code": "INVALID_REQUEST",
        "message": "No such thing",
        "details": {"connectorId": "should be a number"},
    }
    unknown = json.loads(envelope.error(refused, AT))
    assert unknown["id"].startswith("error-")
    assert "replyTo" not in unknown


def test_a_heartbeat_is_an_answer_or_our_own_and_has_no_data():
    own = json.loads(envelope.heartbeat(AT))
    assert set(own) == {"id", "type", "timestamp"}
    theirs = json.loads(envelope.heartbeat(AT, Incoming("hb", "heartbeat", {})))
    assert theirs["id"] == "hb-response"
