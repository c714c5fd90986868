"""Payloads with one thing wrong: every member of every action, and what no member may say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

from tests.hostile.framing import OCCURRENCE, PROPERTY, SERVED, TYPE

NOON = "2025-03-01T12:00:00Z"
ELEMENT = {"timestamp": NOON, "sampledValue": [{"value": "1"}]}
Payload = dict[str, Any]
Case = tuple[str, Payload, str]  # action, payload, what it deserves
VALID: dict[str, Payload] = {
    "Authorize": {"idTag": "A"},
    "BootNotification": {"chargePointVendor": "V", "chargePointModel": "M", "iccid": "1"},
    "DataTransfer": {"vendorId": "V", "messageId": "M"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Idle", "requestId": 1},
    "MeterValues": {"connectorId": 1, "transactionId": 1, "meterValue": [ELEMENT]},
    "SignedFirmwareStatusNotification": {"status": "Idle", "requestId": 1},
    "StartTransaction": {"connectorId": 1, "idTag": "A", "meterStart": 1, "timestamp": NOON},
    "StatusNotification": {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Available",
        "info": "",
        "timestamp": NOON,
    },
    "StopTransaction": {
        "transactionId": 1,
        "meterStop": 1,
        "timestamp": NOON,
        "idTag": "A",
        "reason": "Local",
        "transactionData": [ELEMENT],
    },
}
# Times as texts: a wrong one is a wrong value, not a wrong type.
TIMES = {
    "30 February": "2025-02-30T12:00:00Z",
    "25:61": "2025-03-01T25:61:00Z",
    "month 13": "2025-13-01T00:00:00Z",
    "a word": "soon",
    "a number as text": "1740830400",
    "a zone without end": "2025-03-01T12:00:00+99:99",
    "a zone of 100,000 characters": "2025-03-01T12:00:00+" + "0" * 100_000,
    "year 10000": "10000-01-01T00:00:00Z",
    "year -1": "-001-01-01T00:00:00Z",
    "circled digits": "②⓪②⑤-03-01T12:00:00Z",
    "SQL": "2025-03-01T12:00:00Z'; --",
}
HOSTILE_TEXTS = {
    "SQL": "'; DROP TABLE stations_chargingstation; --",
    "HTML": "<script>alert(1)</script>",
    "a formula": '=cmd|"/c calc"!A1',
    "a template": "{{ 7*7 }}{% debug %}",
    "a format": "%s%n{0.__class__}",
    "a path": "../../../../etc/passwd",
    "NUL": "A\x00B\x00",
    "control characters": "\x01\x07\x1b[2J\r\nSet-Cookie: a=b",
    "emoji": "👩‍👩‍👧‍👦" * 20,
    "right to left": "\u202eABC\u202d שלום",
    "accents without end": "Z" + "\u0336\u0354" * 2000,
    "no characters": "",
    "invisible ones": "\u200b\ufeff\u2060",
    "not characters": "\uffff\ufffe\ufdd0",
    "200,000 characters": "x" * 200_000,
}
# Where a text of the station is kept or looked up, and what else the call needs.
TEXTS = [
    ("Authorize", "idTag"),
    ("BootNotification", "chargePointVendor"),
    ("DataTransfer", "vendorId"),
    ("FirmwareStatusNotification", "status"),
    ("StartTransaction", "idTag"),
    ("StatusNotification", "status"),
    ("StatusNotification", "errorCode"),
    ("StatusNotification", "info"),
    ("StopTransaction", "reason"),
]


def required(action: str) -> list[str]:
    """The members the specification wants (from the `ocpp` package, not from our code)."""
    file = resources.files("ocpp.v16") / "schemas" / f"{action}.json"
    return list(json.loads(file.read_text(encoding="utf-8-sig")).get("required", []))


def wrong_type(value: Any) -> list[Any]:
    """Values of other kinds than ``value``."""
    if isinstance(value, str):
        return [5, True, ["A"], {"a": "A"}]
    if isinstance(value, int):
        return ["1", 1.5, True, [1], {"a": 1}]
    return [5, "A", True, {"timestamp": 5, "sampledValue": 5}]


def cases() -> Iterator[tuple[str, Case]]:
    """All of them by name."""
    for action, valid in VALID.items():
        needed = required(action)
        yield f"{action} as it should be", (action, valid, SERVED)
        for member, value in valid.items():
            without = {name: kept for name, kept in valid.items() if name != member}
            is_needed = member in needed
            yield (
                f"{action} without {member}",
                (action, without, OCCURRENCE if is_needed else SERVED),
            )
            nothing = {**valid, member: None}
            yield f"{action} {member} null", (action, nothing, TYPE if is_needed else SERVED)
            for index, wrong in enumerate(wrong_type(value)):
                # See _elements: a stop goes through.
                deserved = SERVED if member == "transactionData" else TYPE
                case = (action, {**valid, member: wrong}, deserved)
                yield f"{action} {member} wrong {index}", case
        more = {**valid, "more": {"a": [1]}, "X" * 1000: 1}
        yield f"{action} with more", (action, more, SERVED)


def _numbers() -> Iterator[tuple[str, Case]]:
    for action, member in (
        ("StartTransaction", "meterStart"),
        ("StopTransaction", "meterStop"),
        ("StopTransaction", "transactionId"),
        ("LogStatusNotification", "requestId"),
    ):
        for number, deserved in (
            (2**31, SERVED),
            (2**62, PROPERTY),
            (2**63, PROPERTY),
            (2**64, PROPERTY),
            (-(2**63), PROPERTY),
            (1e300, PROPERTY),
            (-1, SERVED),
            (1.0, SERVED),
        ):
            yield (
                f"{action} {member} {number:.3g}",
                (
                    action,
                    {**VALID[action], member: number},
                    deserved,
                ),
            )
    for action in ("StartTransaction", "StatusNotification", "MeterValues"):
        for number in (-1, 2**31, 2**40, 2**63, 1e30):
            changed = {**VALID[action], "connectorId": number}
            yield f"{action} connector {number:.3g}", (action, changed, PROPERTY)


# What stands where a list of meter values belongs.
ELEMENTS: dict[str, tuple[Any, str]] = {
    "none": ([], OCCURRENCE),
    "the element itself": (ELEMENT, SERVED),
    "nulls": ([None, None], TYPE),
    "samples that are none": ([{"timestamp": NOON, "sampledValue": []}], OCCURRENCE),
    "no samples": ([{"timestamp": NOON}], OCCURRENCE),
    "no time": ([{"sampledValue": [{"value": "1"}]}], OCCURRENCE),
    "a time of no calendar": ([{**ELEMENT, "timestamp": "2025-02-30T12:00:00Z"}], PROPERTY),
    "a time that is a number": ([{**ELEMENT, "timestamp": 5}], TYPE),
    "one element without a time": ([ELEMENT, {"sampledValue": [{"value": "1"}]}], OCCURRENCE),
    "a sample without a value": ([{**ELEMENT, "sampledValue": [{}, {"value": "1"}]}], SERVED),
    "a number as value": ([{**ELEMENT, "sampledValue": [{"value": 1.5}]}], SERVED),
    "an object as value": ([{**ELEMENT, "sampledValue": [{"value": {}}]}], SERVED),
    "no number": ([{**ELEMENT, "sampledValue": [{"value": "x" * 1000}]}], SERVED),
    "a number of 300 digits": (
        [{**ELEMENT, "sampledValue": [{"value": "1", "more": 1e300}, {}]}],
        SERVED,
    ),
    "infinity": ([{**ELEMENT, "sampledValue": [{"value": "Infinity"}]}], SERVED),
    "not a number": ([{**ELEMENT, "sampledValue": [{"value": "NaN"}]}], SERVED),
    "more than any meter": ([{**ELEMENT, "sampledValue": [{"value": "9e307"}]}], SERVED),
    "a million digits less": ([{**ELEMENT, "sampledValue": [{"value": "9" * 90_000}]}], SERVED),
    "less than nothing": ([{**ELEMENT, "sampledValue": [{"value": "-5"}]}], SERVED),
    "enumerations of nobody": (
        [
            {
                **ELEMENT,
                "sampledValue": [
                    {
                        "value": "1",
                        "context": "x" * 500,
                        "unit": "Furlong",
                        "measurand": "\x00",
                        "phase": "L9",
                        "location": "Moon",
                        "format": "?",
                    }
                ],
            }
        ],
        SERVED,
    ),
    "1,500 elements": (
        [
            {**ELEMENT, "timestamp": f"2025-03-01T12:{n // 60 % 60:02}:{n % 60:02}Z"}
            for n in range(1500)
        ],
        SERVED,
    ),
    "5,000 samples": ([{**ELEMENT, "sampledValue": [{"value": "1"}] * 5000}], SERVED),
}


def _elements() -> Iterator[tuple[str, Case]]:
    for name, (value, deserved) in ELEMENTS.items():
        for action, member in (
            ("MeterValues", "meterValue"),
            ("StopTransaction", "transactionData"),
        ):
            # A stop is never refused for what it brings along: what cannot be read is left out.
            payload = {**VALID[action], member: value}
            expected = SERVED if action == "StopTransaction" else deserved
            yield f"{action} {name}", (action, payload, expected)


def _times() -> Iterator[tuple[str, Case]]:
    for name, text in TIMES.items():
        for action in ("StartTransaction", "StopTransaction", "StatusNotification"):
            payload = {**VALID[action], "timestamp": text}
            yield f"{action} {name}", (action, payload, PROPERTY)
        element = {**ELEMENT, "timestamp": text}
        payload = {**VALID["MeterValues"], "meterValue": [element]}
        yield f"MeterValues {name}", ("MeterValues", payload, PROPERTY)


def _texts() -> Iterator[tuple[str, Case]]:
    for action, member in TEXTS:
        for name, text in HOSTILE_TEXTS.items():
            yield f"{action} {member} {name}", (action, {**VALID[action], member: text}, SERVED)


GROUPS: dict[str, dict[str, Case]] = {
    "members": dict(cases()),
    "numbers": dict(_numbers()),
    "elements": dict(_elements()),
    "times": dict(_times()),
    "texts": dict(_texts()),
}
