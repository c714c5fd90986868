"""The conversation without I/O: one call of ours at a time, each of theirs answered once."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ocpp_gateway.frames import Call, CallError, CallResult, Malformed, decode, encode
from ocpp_gateway.rpc import (
    Answered,
    Busy,
    CallReceived,
    Conversation,
    Ignored,
    Late,
    Refused,
    Replayed,
)

OURS = Call("ours", "Reset", {"type": "Soft"})
START = json.dumps([2, "1", "StartTransaction", {"timestamp": "2025-03-01T12:00:00Z"}])


@pytest.fixture
def talk():
    """A conversation nobody has said anything in."""
    return Conversation()


def test_a_call_is_received(talk):
    event = talk.receive('[2,"1","Heartbeat",{}]')
    assert event == CallReceived(Call("1", "Heartbeat", {}))


def test_an_answer_is_the_text_to_send(talk):
    talk.receive('[2,"1","Heartbeat",{}]')
    assert json.loads(talk.answer("1", {"a": 1})) == [3, "1", {"a": 1}]


def test_a_refusal_is_the_text_to_send(talk):
    text = talk.refuse(CallError("1", "NotImplemented", "no"))
    assert json.loads(text) == [4, "1", "NotImplemented", "no", {}]


@pytest.mark.parametrize("text", ["", " ", "\n", "\t \r\n"])
def test_an_empty_frame_means_nothing(talk, text):
    assert isinstance(talk.receive(text), Ignored)


def test_text_without_an_id_means_nothing(talk):
    assert isinstance(talk.receive("garbage"), Ignored)


def test_a_malformed_call_with_an_id_is_to_be_answered(talk):
    assert isinstance(talk.receive('[2,"1","Heartbeat",[]]'), Malformed)


def test_an_answer_nobody_asked_for_means_nothing(talk):
    for text in ('[3,"x",{}]', '[4,"x","E","",{}]', '[3,"x",5]'):
        assert isinstance(talk.receive(text), Ignored)


def test_our_call_is_answered(talk):
    assert json.loads(talk.send(OURS)) == [2, "ours", "Reset", {"type": "Soft"}]
    assert talk.receive('[3,"ours",{"status":"Accepted"}]') == Answered(
        OURS, {"status": "Accepted"}
    )
    assert talk.open_call is None


def test_our_call_is_refused(talk):
    talk.send(OURS)
    event = talk.receive('[4,"ours","NotSupported","no",{}]')
    assert event == Refused(OURS, CallError("ours", "NotSupported", "no"))


def test_our_call_answered_with_garbage_is_refused_at_once(talk):
    talk.send(OURS)
    assert isinstance(talk.receive('[3,"ours","garbage"]'), Refused)
    assert talk.open_call is None


def test_an_answer_with_another_id_leaves_our_call_open(talk):
    talk.send(OURS)
    assert isinstance(talk.receive('[3,"other",{}]'), Ignored)
    assert talk.open_call == OURS


def test_our_call_is_answered_once(talk):
    talk.send(OURS)
    talk.receive('[3,"ours",{}]')
    assert isinstance(talk.receive('[3,"ours",{}]'), Ignored)


def test_a_late_error_means_nothing(talk):
    talk.send(OURS)
    talk.give_up()
    assert isinstance(talk.receive('[4,"ours","GenericError","",{}]'), Ignored)


def test_a_late_answer_leaves_the_next_call_open(talk):
    talk.send(OURS)
    talk.give_up()
    second = Call("second", "Reset", {})
    talk.send(second)
    assert isinstance(talk.receive('[3,"ours",{}]'), Late)
    assert talk.open_call == second


def test_a_second_call_of_ours_has_to_wait(talk):
    talk.send(OURS)
    with pytest.raises(Busy):
        talk.send(Call("second", "Reset", {}))
    assert talk.open_call == OURS


def test_a_late_answer_is_known_as_one_once(talk):
    talk.send(OURS)
    assert talk.give_up() == OURS
    assert talk.receive('[3,"ours",{"status":"Accepted"}]') == Late(OURS, {"status": "Accepted"})
    assert isinstance(talk.receive('[3,"ours",{}]'), Ignored)
    assert talk.send(Call("second", "Reset", {}))


def test_their_calls_and_ours_do_not_wait_for_each_other(talk):
    talk.send(OURS)
    assert isinstance(talk.receive('[2,"1","Heartbeat",{}]'), CallReceived)
    talk.answer("1", {})
    assert talk.open_call == OURS


def test_their_call_may_have_the_id_of_ours(talk):
    talk.send(OURS)
    assert isinstance(talk.receive('[2,"ours","Heartbeat",{}]'), CallReceived)
    talk.answer("ours", {})
    assert isinstance(talk.receive('[3,"ours",{}]'), Answered)


def test_a_frame_repeated_to_the_letter_gets_the_very_answer_it_had(talk):
    talk.receive(START)
    answer = talk.answer("1", {"transactionId": 7})
    assert talk.receive(START) == Replayed(answer)
    assert talk.receive(START) == Replayed(answer)


def test_another_frame_with_the_same_id_is_another_call(talk):
    talk.receive(START)
    talk.answer("1", {"transactionId": 7})
    assert isinstance(talk.receive(START.replace("12:00", "13:00")), CallReceived)


def test_a_refused_frame_may_be_tried_again(talk):
    talk.receive(START)
    talk.refuse(CallError("1", "InternalError"))
    assert isinstance(talk.receive(START), CallReceived)


def test_another_socket_remembers_nothing(talk):
    talk.receive(START)
    talk.answer("1", {"transactionId": 7})
    assert isinstance(Conversation().receive(START), CallReceived)


def test_an_answer_that_ages_is_not_remembered(talk):
    heartbeat = '[2,"1","Heartbeat",{}]'
    talk.receive(heartbeat)
    talk.answer("1", {"currentTime": "2025-03-01T12:00:00Z"}, again=False)
    assert isinstance(talk.receive(heartbeat), CallReceived)


def test_few_answers_are_remembered(talk):
    for number in range(1000):
        talk.receive(f'[2,"{number}","Heartbeat",{{}}]')
        talk.answer(str(number), {})
    assert len(talk._answers) <= 10
    assert len(talk._asked) == 0


def test_two_calls_under_way_with_one_id_keep_their_own_answers(talk):
    first, second = START, START.replace("12:00", "13:00")
    talk.receive(first)
    talk.receive(second)
    talk.answer("1", {"transactionId": 1})
    answer = talk.answer("1", {"transactionId": 2})
    event = talk.receive(second)
    assert isinstance(event, CallReceived) or event == Replayed(answer)
    event = talk.receive(first)
    assert not isinstance(event, Replayed) or event.text != answer


@given(st.lists(st.text()))
def test_nothing_said_raises(said):
    talk = Conversation()
    talk.send(OURS)
    for text in said:
        talk.receive(text)


class Station(RuleBasedStateMachine):
    """Whatever a station says: one call of ours is open at most, and every call has one answer."""

    def __init__(self):
        super().__init__()
        self.talk = Conversation()
        self.asked = 0
        self.open = []

    @rule()
    def ask(self):
        call = Call(f"c{self.asked}", "Reset", {})
        self.asked += 1
        busy = self.talk.open_call is not None
        with pytest.raises(Busy) if busy else contextlib.nullcontext():
            assert decode(self.talk.send(call)) == call
            self.open.append(call.unique_id)

    @rule(number=st.integers(0, 5), kind=st.sampled_from(["result", "error", "garbage"]))
    def answer_ours(self, number, kind):
        unique_id = f"c{number}"
        was_open = bool(self.open) and self.open[-1] == unique_id and self.talk.open_call
        frame = CallResult(unique_id, {}) if kind == "result" else CallError(unique_id, "E")
        text = f'[3,"{unique_id}",7]' if kind == "garbage" else encode(frame)
        event = self.talk.receive(text)
        assert isinstance(event, Answered | Refused) == bool(was_open)

    @precondition(lambda self: self.talk.open_call)
    @rule()
    def lose_patience(self):
        assert self.talk.give_up().unique_id == self.open[-1]

    @rule(unique_id=st.sampled_from("abc"), payload=st.integers(0, 2))
    def hear(self, unique_id, payload):
        call = Call(unique_id, "DataTransfer", {"data": str(payload)})
        event = self.talk.receive(encode(call))
        if isinstance(event, Replayed):
            assert decode(event.text) == CallResult(unique_id, {"of": str(payload)})
        else:
            assert event == CallReceived(call)
            self.talk.answer(unique_id, {"of": str(payload)})

    @invariant()
    def one_call_is_open_at_most(self):
        assert self.talk.open_call is None or self.talk.open_call.unique_id == self.open[-1]


TestStation = Station.TestCase
