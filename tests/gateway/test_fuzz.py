"""Any text as a frame, any mutation of a call: nothing raises, one answer each, never our fault.

FUZZ_EXAMPLES=5000 looks longer, each time elsewhere; else the same few are tried.
"""

from __future__ import annotations

import copy
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocpp_gateway import dispatch, v16
from ocpp_gateway.dispatch import Alone, AtOnce, Inbound, Shared
from ocpp_gateway.frames import Call, CallError, Malformed
from ocpp_gateway.rpc import (
    Answered,
    CallReceived,
    Conversation,
    Ignored,
    Late,
    Refused,
    Replayed,
)
from stations.models import ChargingStation
from tests.hostile.payloads import VALID
from tests.stations.given import a_station

AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
MANY = int(os.environ.get("FUZZ_EXAMPLES", "0"))
few = settings(
    max_examples=MANY or 150,
    derandomize=not MANY,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
fewer = settings(few, max_examples=MANY or 60)
EVENTS = (CallReceived, Replayed, Answered, Refused, Late, Malformed, Ignored)
OURS = {"InternalError", "GenericError"}

odd_texts = st.sampled_from(
    [
        "",
        "\x00",
        "'; --",
        "<b>",
        "=1+1",
        "\u202e",
        "9" * 400,
        "2025-02-30T00:00:00Z",
        "NaN",
        "1e999",
    ]
)
odd_numbers = st.sampled_from([0, -1, 2**31, 2**53, 2**63, -(2**63), 2**64, 1e308, 0.1, 1.0])
scalars = st.none() | st.booleans() | odd_numbers | odd_texts | st.integers() | st.text(max_size=30)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
frames = st.lists(values, max_size=6).map(lambda parts: [*parts]) | st.tuples(
    st.sampled_from([2, 3, 4, 5, "2", 2.0, True]), st.text(max_size=40) | values, values, values
).map(list)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a payload."""
    found = [path]
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        found += places(inner, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A call of a station with one to three things changed, taken out or put in."""
    action = draw(st.sampled_from(sorted(VALID)))
    payload = copy.deepcopy(VALID[action])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(payload)[1:] or [("more",)]))
        inside: Any = payload
        for key in way:
            inside = inside[key]
        change = draw(st.sampled_from(["replace", "replace", "delete", "list"]))
        if change == "delete" and not isinstance(inside, list) and last in inside:
            del inside[last]
        elif change == "list" and (isinstance(inside, list) or last in inside):
            inside[last] = [inside[last], draw(values)]
        else:
            inside[last] = draw(values)
    return action, payload


def only_answer(conversation: Conversation, text: str) -> list[Any] | None:
    """What a station hears for a frame as far as no handler is needed."""
    event = conversation.receive(text)
    assert isinstance(event, EVENTS)
    if isinstance(event, Malformed):
        error = CallError(event.unique_id, "FormationViolation", event.description)
        return list(json.loads(conversation.refuse(error)))
    if not isinstance(event, CallReceived):
        return None
    found = dispatch.route(v16.CALLS, event.call)
    if isinstance(found, CallError):
        return list(json.loads(conversation.refuse(found)))
    return list(json.loads(conversation.answer(event.call.unique_id, {})))


def graded(text: str) -> None:
    """Answered once with its id where it is a call with a usable one, else not; never by us."""
    answer = only_answer(Conversation(), text)
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        sent = None
    if answer is None:
        return
    assert sent[0] == 2
    assert answer[1] == sent[1]
    if answer[0] == 4:
        assert answer[2] not in OURS
        assert len(answer[3]) < 400


@few
@given(st.text())
def test_any_text_is_a_frame_or_none(text):
    graded(text)


@few
@given(frames)
def test_any_json_is_a_frame_or_none(parts):
    graded(json.dumps(parts))


@few
@given(frames, st.lists(st.sampled_from(["send", "give up"]), max_size=3))
def test_any_answer_ends_at_most_our_own_open_call(parts, before):
    conversation = Conversation()
    for what in before:
        if what == "give up":
            conversation.give_up()
        elif conversation.open_call is None:
            conversation.send(Call("ours", "Reset", {}))
    event = conversation.receive(json.dumps(parts))
    assert isinstance(event, EVENTS)
    if isinstance(event, Answered | Refused):
        assert conversation.open_call is None
        assert parts[1] == "ours"


@few
@given(mutated(), st.integers(0, 400), st.text(max_size=3))
def test_a_call_that_is_damaged_on_the_way_is_a_frame_or_none(call, at, damage):
    text = json.dumps([2, "id", *call])
    graded(text[:at] + damage + text[at + len(damage) :])


def handled(inbound: Inbound, route: dispatch.Route) -> None:
    """What its handler does with a payload that passed the schema. Raises what the handler does."""
    if isinstance(route, Shared):
        items = route.translate(inbound)
        route.store(items, inbound.at)
    elif isinstance(route, AtOnce | Alone):
        json.dumps(route.answer(inbound))


class Undone(Exception):
    """Takes back what one example stored."""


def code_of(station: ChargingStation, action: str, inbound: Inbound, route: dispatch.Route) -> str:
    """How a handler refused what it was given; empty where it served it."""
    try:
        with transaction.atomic():
            handled(inbound, route)
            raise Undone
    except Undone:
        return ""
    except Exception as error:
        return dispatch.refusal(error, action, station.cp_id).code


@pytest.fixture
def station(db) -> ChargingStation:
    """The station that talks."""
    return a_station()


@fewer
@given(call=mutated())
def test_whatever_a_call_says_its_handler_serves_or_refuses_it(station, call):
    action, payload = call
    event = Conversation().receive(json.dumps([2, "id", action, payload]))
    if not isinstance(event, CallReceived):
        return
    found = dispatch.route(v16.CALLS, event.call)
    if isinstance(found, CallError):
        assert found.code not in OURS
    else:
        inbound = Inbound(station.pk, station.cp_id, UTC, found[1], AT)
        assert code_of(station, action, inbound, found[0]) not in OURS
