"""Over a real socket: hostile and broken frames get one answer or none, and harm nobody else."""

from __future__ import annotations

import json

import pytest

from tests.gateway.wire import AVAILABLE, NOON
from tests.rows import one

pytestmark = pytest.mark.stack
FORMATION = "FormationViolation"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('[2,"id"]', FORMATION),
        ('[2,"id","Heartbeat",[]]', FORMATION),
        ('[2,"id","Heartbeat","x"]', FORMATION),
        ('[2,"id","Heartbeat",{},{}]', FORMATION),
        ('[2,"id",7,{}]', FORMATION),
        ('[2,"id",["Heartbeat"],{}]', FORMATION),
        ('[2,"id","DataTransfer",{"vendorId":%s}]' % ("[" * 300 + "]" * 300), FORMATION),
        ('[2,"id","Authorize",{"a":%s}]' % ('{"a":' * 900 + "1" + "}" * 900), FORMATION),
        ('[2,"id","Nonsense",{}]', "NotImplemented"),
        ('[2,"id","heartbeat",{}]', "NotImplemented"),
        ('[2,"id","Reset",{"type":"Soft"}]', "NotSupported"),
        ('[2,"id","Authorize",{}]', "OccurenceConstraintViolation"),
        ('[2,"id","Authorize",{"idTag":5}]', "TypeConstraintViolation"),
        ('[2,"id","Authorize",{"idTag":null}]', "TypeConstraintViolation"),
        (
            '[2,"id","MeterValues",{"connectorId":-1,"meterValue":[ELEMENT]}]',
            "PropertyConstraintViolation",
        ),
        (
            '[2,"id","MeterValues",{"connectorId":1099511627776,"meterValue":[ELEMENT]}]',
            "PropertyConstraintViolation",
        ),
        (
            '[2,"id","MeterValues",{"connectorId":1,"meterValue":[]}]',
            "OccurenceConstraintViolation",
        ),
        (
            '[2,"id","StatusNotification",{"connectorId":-1,"errorCode":"x","status":"x"}]',
            "PropertyConstraintViolation",
        ),
        (
            '[2,"id","StopTransaction",{"transactionId":1e30,"meterStop":1,"timestamp":"NOON"}]',
            "PropertyConstraintViolation",
        ),
        (
            '[2,"id","StopTransaction",{"transactionId":1,"meterStop":9223372036854775807,'
            '"timestamp":"NOON"}]',
            "PropertyConstraintViolation",
        ),
    ],
)
def test_a_wrong_call_gets_one_error_with_its_id_and_the_right_code(wire, frame, code):
    element = '{"timestamp":"NOON","sampledValue":[{"value":"1"}]}'
    wire.tell(frame.replace("ELEMENT", element).replace("NOON", NOON))
    answer = wire.hear()
    assert answer[:3] == [4, "id", code]
    assert len(json.dumps(answer)) < 300
    assert wire.ask("Heartbeat")
    assert not wire.heard


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "null",
        "{}",
        "[]",
        "[2]",
        '[2,5,"Heartbeat",{}]',
        '[2,"","Heartbeat",{}]',
        '["2","id","Heartbeat",{}]',
        '[9,"id","Heartbeat",{}]',
        '[2,"id","Heartbeat",{"a":NaN}]',
        '[2,"id","Heartbeat",{"a":%s}]' % ("9" * 5000),
        '[2,"id","Heartbeat",{"a":"\\ud800"}]',
        "[" * 50_000,
        '[3,"nobody-asked",{}]',
        '[3,"nobody-asked"]',
        '[3,"nobody-asked","garbage"]',
        '[4,"nobody-asked","InternalError","",{}]',
        '[4,"nobody-asked","InternalError",""]',
        '[4,"nobody-asked"]',
    ],
)
def test_what_has_no_usable_id_or_is_an_answer_is_never_answered(wire, text):
    wire.tell(text)
    assert wire.ask("Heartbeat")
    assert not wire.heard


def test_a_thousand_answers_nobody_asked_for_harm_nobody(wire):
    for number in range(1000):
        wire.tell(f'[3,"{number}",{{}}]')
    assert wire.ask("Heartbeat")
    assert not wire.heard


@pytest.mark.parametrize("unique_id", ["x" * 255, "⚡", "a\x00b", "<script>", '"', " ", "\\u0000"])
def test_an_id_of_any_kind_is_given_back_as_it_is(wire, unique_id):
    wire.call("Heartbeat", {}, unique_id)
    assert wire.hear()[:2] == [3, unique_id]


@pytest.mark.parametrize("payload", ["null", None])
def test_no_payload_is_an_empty_one(wire, payload):
    wire.tell('[2,"id","Heartbeat",null]' if payload else '[2,"id","Heartbeat"]')
    assert wire.hear()[:2] == [3, "id"]


def test_a_repeated_frame_gets_the_very_answer_it_had(server, wire, cp_id):
    frame = json.dumps(
        [
            2,
            "7",
            "StartTransaction",
            {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": NOON},
        ]
    )
    answers = []
    for _ in range(3):
        wire.tell(frame)
        answers.append(wire.hear())
    assert answers[0][0] == 3
    assert answers[0] == answers[1] == answers[2]
    query = (
        "SELECT count(*) FROM stations_chargingsession t"
        " JOIN stations_chargingstation s ON s.id = t.station_id WHERE s.cp_id = ?"
    )
    assert one(server.environment, query, cp_id) == 1


def test_one_id_for_everything_gets_an_answer_of_its_own_each_time(server, wire, cp_id):
    for status in ("Available", "Preparing", "Available", "Charging"):
        wire.call("StatusNotification", AVAILABLE | {"status": status}, "1")
        assert wire.hear() == [3, "1", {}]
    query = (
        "SELECT count(*) FROM stations_statuschange h JOIN stations_connector c"
        " ON c.id = h.connector_id JOIN stations_chargingstation s ON s.id = c.station_id"
        " WHERE s.cp_id = ?"
    )
    assert one(server.environment, query, cp_id) == 4


def test_two_hundred_calls_at_once_are_answered_in_order_and_once_each(wire):
    actions = ("Heartbeat", "Authorize", "StatusNotification", "MeterValues", "Nonsense")
    element = {"timestamp": NOON, "sampledValue": [{"value": "1"}]}
    payloads = {
        "Authorize": {"idTag": "A"},
        "StatusNotification": AVAILABLE,
        "MeterValues": {"connectorId": 1, "meterValue": [element]},
    }
    for number in range(200):
        action = actions[number % len(actions)]
        wire.call(action, payloads.get(action, {}), str(number))
    answers = [wire.hear() for _ in range(200)]
    assert [answer[1] for answer in answers] == [str(number) for number in range(200)]
    assert {answer[0] for answer in answers[:4]} == {3}
    assert wire.is_silent(0.3)


def test_a_burst_of_meter_values_is_stored_once_each(server, wire):
    number = wire.start()
    for minute in range(60):
        at = f"2025-03-01T12:{minute:02}:00Z"
        element = {"timestamp": at, "sampledValue": [{"value": str(1000 + minute)}]}
        payload = {"connectorId": 1, "transactionId": number, "meterValue": [element]}
        for copy in "ab":
            wire.call("MeterValues", payload, f"{minute}{copy}")
    assert [wire.hear()[0] for _ in range(120)] == [3] * 120
    query = "SELECT count(*) FROM stations_metervalue WHERE session_id = ?"
    assert one(server.environment, query, number) == 60


def test_one_bad_meter_value_among_many_costs_only_itself(server, wire):
    number = wire.start()
    for minute in range(20):
        at = "soon" if minute == 7 else f"2025-03-01T12:{minute:02}:00Z"
        element = {"timestamp": at, "sampledValue": [{"value": "1"}]}
        payload = {"connectorId": 1, "transactionId": number, "meterValue": [element]}
        wire.call("MeterValues", payload, str(minute))
    answers = {frame[1]: frame[0] for frame in (wire.hear() for _ in range(20))}
    assert answers.pop("7") == 4
    assert set(answers.values()) == {3}
    query = "SELECT count(*) FROM stations_metervalue WHERE session_id = ?"
    assert one(server.environment, query, number) == 19


def test_a_binary_frame_closes_the_socket_with_1003_and_no_other(wire, dial, cp_id):
    other = dial(f"{cp_id}-other")
    wire.tell(b"\x00\x01")
    assert wire.closed_with() == 1003
    assert other.ask("Heartbeat")


def test_a_frame_that_is_too_large_closes_the_socket_with_1009_and_no_other(wire, dial, cp_id):
    other = dial(f"{cp_id}-other")
    wire.tell(json.dumps([2, "id", "DataTransfer", {"vendorId": "x", "data": "x" * 300_000}]))
    assert wire.closed_with() == 1009
    assert other.ask("Heartbeat")


def test_a_frame_that_just_fits_is_served(wire):
    assert wire.ask("DataTransfer", {"vendorId": "x", "data": "x" * 250_000})


def test_a_message_in_two_thousand_pieces_is_served(wire):
    text = json.dumps([2, "id", "DataTransfer", {"vendorId": "x", "data": "y" * 4000}])
    wire.socket.send(text[i : i + 2] for i in range(0, len(text), 2))
    assert wire.hear()[:2] == [3, "id"]


def test_a_ping_is_answered(wire):
    assert wire.socket.ping().wait(5)
