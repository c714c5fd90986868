"""What real stations get wrong on the wire, mended on the way in; tried only after a refusal.

So a correct frame never pays for it. What one model needs and another must not have will be data
(matched by vendor, model and firmware); what stands here is harmless for everybody.
"""

from __future__ import annotations

import json
from typing import Any


def mended(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``payload`` without the known faults: null members, lone objects, bare numbers,

    samples without a value (nobody can read them, but the others of the message count).
    """
    copy: dict[str, Any] = _tidied(payload)
    if action == "DataTransfer" and not isinstance(copy.get("data", ""), str):
        copy["data"] = json.dumps(copy["data"])  # many send the JSON itself instead of its text
    key = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}.get(action)
    if key and key in copy:
        elements = [_meter_value(element) for element in _listed(copy[key])]
        copy[key] = [element for element in elements if element.get("sampledValue") != []]
    return copy


def _tidied(value: Any) -> Any:
    """Several firmwares send ``"info": null`` for what they leave out, and ``1.0`` for ``1``."""
    if isinstance(value, dict):
        return {key: _tidied(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_tidied(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(value: Any) -> list[Any]:
    """Huawei sends the one element itself where a list of them belongs."""
    return value if isinstance(value, list) else [value]


def _meter_value(element: Any) -> dict[str, Any]:
    if not isinstance(element, dict):
        return {"sampledValue": []}
    samples = _listed(element.get("sampledValue", []))
    return element | {"sampledValue": [_sampled(s) for s in samples if isinstance(s, dict)]}


def _sampled(sample: dict[str, Any]) -> dict[str, Any]:
    """A number where its text belongs; nothing readable where something else stands."""
    value = sample.get("value", "")
    readable = isinstance(value, str | int | float) and not isinstance(value, bool)
    return sample | {"value": str(value) if readable else ""}
