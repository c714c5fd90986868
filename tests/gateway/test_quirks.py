"""What real stations get wrong on the wire, mended on the way in."""

from __future__ import annotations

import pytest

from ocpp_gateway import quirks, validation

AT = "2025-03-01T12:00:00Z"
GOOD = {"timestamp": AT, "sampledValue": [{"value": "1"}]}


def meter_values(payload):
    """MeterValues as they pass their schema after mending."""
    mended = quirks.mended("MeterValues", payload)
    assert validation.check_received("MeterValues", mended) is None
    return mended


def test_null_members_count_as_left_out():
    payload = {"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None}]}
    assert quirks.mended("StatusNotification", payload) == {"b": {"d": 1}, "e": [{}]}


def test_a_whole_number_written_as_a_decimal_is_taken_for_one():
    payload = {"transactionId": 1.0, "meterStop": 1e3, "timestamp": AT}
    mended = quirks.mended("StopTransaction", payload)
    assert mended == {"transactionId": 1, "meterStop": 1000, "timestamp": AT}
    assert validation.check_received("StopTransaction", mended) is None


def test_the_payload_itself_is_left_as_it_was():
    payload = {"a": None, "meterValue": {"timestamp": AT}}
    quirks.mended("MeterValues", payload)
    assert payload == {"a": None, "meterValue": {"timestamp": AT}}


def test_one_meter_value_is_taken_for_a_list_of_one():
    assert meter_values({"connectorId": 1, "meterValue": GOOD})["meterValue"] == [GOOD]


def test_one_sampled_value_is_taken_for_a_list_of_one():
    element = {"timestamp": AT, "sampledValue": {"value": "1"}}
    assert meter_values({"connectorId": 1, "meterValue": [element]})["meterValue"] == [GOOD]


@pytest.mark.parametrize(("number", "text"), [(1, "1"), (1.5, "1.5"), (0, "0"), (-3, "-3")])
def test_a_number_is_taken_for_its_text(number, text):
    element = {"timestamp": AT, "sampledValue": [{"value": number}]}
    mended = meter_values({"connectorId": 1, "meterValue": [element]})
    assert mended["meterValue"][0]["sampledValue"] == [{"value": text}]


@pytest.mark.parametrize(
    "unreadable",
    [
        {},
        {"unit": "Wh"},
        {"value": None},
        {"value": True},
        {"value": [1]},
        {"value": {}},
        "x",
        5,
        None,
    ],
)
def test_a_sample_nobody_can_read_does_not_cost_the_others(unreadable):
    element = {"timestamp": AT, "sampledValue": [unreadable, {"value": "7"}]}
    mended = meter_values({"connectorId": 1, "meterValue": [element]})
    assert {"value": "7"} in mended["meterValue"][0]["sampledValue"]


@pytest.mark.parametrize("empty", [[], None])
def test_an_element_without_samples_does_not_cost_the_others(empty):
    element = {"timestamp": AT, "sampledValue": empty}
    mended = meter_values({"connectorId": 1, "meterValue": [element, GOOD]})
    assert mended["meterValue"] == [GOOD]


def test_the_readings_of_a_stop_are_mended_alike():
    payload = {"transactionId": 1, "meterStop": 1, "timestamp": AT, "transactionData": GOOD}
    mended = quirks.mended("StopTransaction", payload)
    assert mended["transactionData"] == [GOOD]
    assert validation.check_received("StopTransaction", mended) is None


def test_answers_may_have_null_members_too():
    answer = {
        "configurationKey": [{"key": "A", "readonly": True, "value": None}],
        "unknownKey": None,
    }
    mended = quirks.mended("GetConfigurationResponse", answer)
    assert validation.check_answer("GetConfiguration", mended) is None
