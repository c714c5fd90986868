"""OCPP-J frames: read without ever raising, written as they were read."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_gateway import frames
from ocpp_gateway.frames import Call, CallError, CallResult, Malformed

ID = "19223201"


def decoded(*parts):
    """The frame these parts make on the wire."""
    return frames.decode(orjson.dumps(list(parts)))


def test_it_reads_a_call():
    assert decoded(2, ID, "Heartbeat", {"a": 1}) == Call(ID, "Heartbeat", {"a": 1})


def test_it_reads_a_result():
    assert decoded(3, ID, {"status": "Accepted"}) == CallResult(ID, {"status": "Accepted"})


def test_it_reads_an_error():
    error = decoded(4, ID, "NotSupported", "not here", {"x": 1})
    assert error == CallError(ID, "NotSupported", "not here", {"x": 1})


@pytest.mark.parametrize(
    "parts",
    [(4, ID, "GenericError", "text"), (4, ID, "GenericError"), (4, ID, None), (4, ID, 5, 5, 5)],
)
def test_it_reads_an_error_with_parts_missing_or_wrong(parts):
    error = decoded(*parts)
    assert isinstance(error, CallError)
    assert (error.unique_id, error.code, error.details) == (ID, "GenericError", {})


@pytest.mark.parametrize("parts", [(2, ID, "Heartbeat", None), (2, ID, "Heartbeat")])
def test_it_takes_no_payload_for_an_empty_one(parts):
    assert decoded(*parts) == Call(ID, "Heartbeat", {})


@pytest.mark.parametrize(
    "parts",
    [
        (2, ID),
        (2, ID, None),
        (2, ID, 7, {}),
        (2, ID, "", {}),
        (2, ID, ["Heartbeat"], {}),
        (2, ID, {"a": 1}, {}),
        (2, ID, "Heartbeat", []),
        (2, ID, "Heartbeat", "text"),
        (2, ID, "Heartbeat", 5),
        (2, ID, "Heartbeat", True),
        (2, ID, "Heartbeat", {}, {}),
        (2, ID, "Heartbeat", {}, None, 7),
    ],
)
def test_a_malformed_call_with_a_usable_id_is_to_be_answered(parts):
    problem = decoded(*parts)
    assert isinstance(problem, Malformed)
    assert problem.unique_id == ID
    assert 0 < len(problem.description) < 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "null",
        "5",
        '"2"',
        "{}",
        "[]",
        "[2]",
        "[[2]]",
        '{"2":"id"}',
        '[2,"id","Heartbeat",{}',
        '[2,"id","Heartbeat",{}]]',
        '[2,"id","Heartbeat",{},]',
        "[2,'id','Heartbeat',{}]",
        '[2,5,"Heartbeat",{}]',
        '[2,null,"Heartbeat",{}]',
        '[2,["id"],"Heartbeat",{}]',
        '[2,"","Heartbeat",{}]',
        '[2,"%s","Heartbeat",{}]' % ("x" * 256),
        '["2","id","Heartbeat",{}]',
        '[2.0,"id","Heartbeat",{}]',
        '[true,"id","Heartbeat",{}]',
        '[1,"id","Heartbeat",{}]',
        '[5,"id",{}]',
        '[-2,"id","Heartbeat",{}]',
        '[3,"id"]',
        '[4,"id"]',
        '[2,"id","Heartbeat",{"a":NaN}]',
        '[2,"id","Heartbeat",{"a":Infinity}]',
        '[2,"id","Heartbeat",{"a":1e999}]',
        '[2,"id","Heartbeat",{"a":%s}]' % ("9" * 5000),
        '[2,"id","Heartbeat",{"a":"\\ud800"}]',
        '[2,"id","Heartbeat",{"a":"\n"}]',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\ud800",
        "\x00",
    ],
)
def test_text_without_a_usable_id_is_not_to_be_answered(text):
    problem = frames.decode(text)
    assert isinstance(problem, Malformed)
    assert problem.unique_id == ""
    assert 0 < len(problem.description) < 100


@pytest.mark.parametrize("garbage", ["garbage", [], 5, True])
def test_a_result_without_an_object_fails_the_call_it_answers(garbage):
    answer = decoded(3, ID, garbage)
    assert isinstance(answer, CallError)
    assert (answer.unique_id, answer.code) == (ID, "FormationViolation")


@pytest.mark.parametrize("levels", [33, 200, 260, 500, 1000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_a_payload_nested_too_deeply_is_malformed(levels, brackets):
    opening = "[" if brackets == "[]" else '{"a":'
    nested = opening * levels + "1" + brackets[1] * levels
    problem = frames.decode(f'[2,"{ID}","DataTransfer",{{"a":{nested}}}]')
    assert problem == Malformed(ID, "nested too deeply")


def test_a_payload_with_many_brackets_side_by_side_is_fine():
    wide = {"a": [{"b": [1]}] * 500}
    assert decoded(2, ID, "DataTransfer", wide) == Call(ID, "DataTransfer", wide)


def test_it_reads_ids_longer_than_the_specification_allows():
    assert decoded(2, "x" * 255, "Heartbeat", {}) == Call("x" * 255, "Heartbeat", {})


def test_it_takes_nul_out_of_what_is_stored_but_not_out_of_the_id():
    call = decoded(2, "a\x00b", "Data\x00Transfer", {"da\x00ta": ["x\x00y", {"z": "\x00"}]})
    assert call == Call("a\x00b", "DataTransfer", {"data": ["xy", {"z": ""}]})


def test_it_does_not_mistake_a_backslash_before_u0000_for_nul():
    text = r'[2,"id","DataTransfer",{"data":"C:\\u0000"}]'
    assert frames.decode(text) == Call("id", "DataTransfer", {"data": "C:\\u0000"})


def test_it_reads_emoji_and_text_from_right_to_left():
    payload = {"data": "⚡שלום\u202eabc"}
    assert decoded(2, ID, "DataTransfer", payload) == Call(ID, "DataTransfer", payload)


ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(texts, values, max_size=4)


@given(ids, texts.filter(bool), payloads)
def test_a_call_reads_back_as_it_was_written(unique_id, action, payload):
    call = Call(unique_id, action, payload)
    assert frames.decode(frames.encode(call)) == call


@given(ids, payloads)
def test_a_result_reads_back_as_it_was_written(unique_id, payload):
    result = CallResult(unique_id, payload)
    assert frames.decode(frames.encode(result)) == result


@given(ids, texts, texts, payloads)
def test_an_error_reads_back_as_it_was_written(unique_id, code, description, details):
    error = CallError(unique_id, code, description, details)
    assert frames.decode(frames.encode(error)) == error


@given(st.text() | st.binary())
def test_no_text_raises(text):
    frames.decode(text)


@given(st.lists(values, max_size=6))
def test_no_array_raises_and_what_is_read_can_be_written(parts):
    frame = frames.decode(orjson.dumps(parts))
    if not isinstance(frame, Malformed):
        assert frames.decode(frames.encode(frame)) == frame
