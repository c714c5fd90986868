"""The judge itself: it finds fault where there is some."""

from __future__ import annotations

import json

import pytest
from jsonschema_rs import ValidationError

from tests.conformance.judge import Judge


def frame(*parts: object) -> str:
    """A frame on the wire."""
    return json.dumps(parts)


@pytest.fixture
def judge() -> Judge:
    """A judge who has heard the station ask for a heartbeat."""
    judge = Judge()
    judge.sent(frame(2, "1", "Heartbeat", {}))
    return judge


def test_it_is_satisfied_once_everything_is_answered(judge):
    assert not judge.is_satisfied
    judge.received(frame(3, "1", {"currentTime": "2025-03-01T12:00:00Z"}))
    assert judge.is_satisfied


@pytest.mark.parametrize("answer", [{}, {"currentTime": 5}, {"currentTime": "x"}, {"a": 1}, []])
def test_it_refuses_an_answer_that_breaks_its_schema(judge, answer):
    with pytest.raises(ValidationError):
        judge.received(frame(3, "1", answer))


def test_it_refuses_an_answer_nobody_asked_for(judge):
    with pytest.raises(KeyError):
        judge.received(frame(3, "2", {}))


def test_it_refuses_a_second_answer(judge):
    judge.received(frame(4, "1", "GenericError", "", {}))
    with pytest.raises(KeyError):
        judge.received(frame(4, "1", "GenericError", "", {}))


def test_it_refuses_an_error_code_the_specification_does_not_know(judge):
    with pytest.raises(AssertionError):
        judge.received(frame(4, "1", "FormatViolation", "", {}))


def test_it_refuses_a_call_that_breaks_its_schema(judge):
    with pytest.raises(ValidationError):
        judge.received(frame(2, "a", "Reset", {"type": "Warm"}))


def test_it_refuses_a_second_call_while_one_is_open(judge):
    judge.received(frame(2, "a", "Reset", {"type": "Soft"}))
    with pytest.raises(AssertionError, match="one call is open"):
        judge.received(frame(2, "b", "Reset", {"type": "Soft"}))
    judge.sent(frame(3, "a", {"status": "Accepted"}))
    judge.received(frame(2, "b", "Reset", {"type": "Soft"}))


def test_it_refuses_an_id_that_was_used_before(judge):
    judge.received(frame(2, "a", "ClearCache", {}))
    judge.sent(frame(3, "a", {"status": "Accepted"}))
    with pytest.raises(AssertionError, match="used once"):
        judge.received(frame(2, "a", "ClearCache", {}))
