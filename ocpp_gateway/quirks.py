"""What real stations get wrong on the wire, mended on the way in; tried only after a refusal.

So a correct frame never pays for it. What stands here is harmless for everybody; what one model
needs and another must not have is data (tolerances, matched by vendor, model and firmware).
``note`` hears each kind of fault that was mended, by its name in ``stations.models.REPAIRS``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Note = Callable[[str], None]
_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")
_ZONE = re.compile(r"([Zz]|[+-]\d\d(:?\d\d)?)$")


def nobody(kind: str, detail: str = "") -> None:
    """Hears and counts nothing."""


def mended(action: str, payload: dict[str, Any], note: Note = nobody) -> dict[str, Any]:
    """A copy of ``payload`` without the known faults: null members, lone objects, bare numbers,

    samples without a value (nobody can read them, but the others of the message count).
    """
    copy: dict[str, Any] = _tidied(payload, note)
    if action == "DataTransfer" and not isinstance(copy.get("data", ""), str):
        note("json_for_text")
        copy["data"] = json.dumps(copy["data"])  # many send the JSON itself instead of its text
    key = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}.get(action)
    if key and key in copy:
        elements = [_meter_value(element, note) for element in _listed(copy[key], note)]
        copy[key] = [element for element in elements if element.get("sampledValue") != []]
    if action == "StopTransaction" and key in copy:  # sent again for ever where it is refused
        copy[key] = [element for element in copy[key] if isinstance(element.get("timestamp"), str)]
    return copy


def of_time(text: str) -> str:
    """How ``text``, which was read as a time, differs from what the specification asks for.

    A name of REPAIRS; empty where it does not.
    """
    if _RFC3339.match(text):
        return ""
    return "odd_time" if _ZONE.search(text.strip()[10:]) else "naive_time"


def _tidied(value: Any, note: Note) -> Any:
    """Several firmwares send ``"info": null`` for what they leave out, and ``1.0`` for ``1``."""
    if isinstance(value, dict):
        kept = {key: _tidied(item, note) for key, item in value.items() if item is not None}
        if len(kept) < len(value):
            note("null_members")
        return kept
    if isinstance(value, list):
        return [_tidied(item, note) for item in value]
    if isinstance(value, float) and value.is_integer():
        note("decimal_for_whole")
        return int(value)
    return value


def _listed(value: Any, note: Note) -> list[Any]:
    """Huawei sends the one element itself where a list of them belongs."""
    if isinstance(value, list):
        return value
    note("lone_object")
    return [value]


def _meter_value(element: Any, note: Note) -> dict[str, Any]:
    if not isinstance(element, dict):
        note("unreadable_sample")
        return {"sampledValue": []}
    samples = _listed(element.get("sampledValue", []), note)
    read = [_sampled(sample, note) for sample in samples if isinstance(sample, dict)]
    if len(read) < len(samples) or not samples:
        note("unreadable_sample")
    return element | {"sampledValue": read}


def _sampled(sample: dict[str, Any], note: Note) -> dict[str, Any]:
    """A number where its text belongs; nothing readable where something else stands."""
    value = sample.get("value", "")
    if isinstance(value, str):
        if "value" not in sample:
            note("unreadable_sample")
        return sample | {"value": value}
    readable = isinstance(value, int | float) and not isinstance(value, bool)
    note("number_for_text" if readable else "unreadable_sample")
    return sample | {"value": str(value) if readable else ""}
