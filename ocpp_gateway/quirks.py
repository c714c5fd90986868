"""What real stations get wrong on the wire, mended on the way in; tried only after a refusal.

So a correct frame never pays for it. What one model needs and another must not have will be data
(matched by vendor, model and firmware); what stands here is harmless for everybody.
"""

from __future__ import annotations

from typing import Any


def mended(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``payload`` without the known faults: null members, lone objects, bare numbers."""
    copy: dict[str, Any] = _without_nulls(payload)
    key = {"MeterValues": "meterValue", "StopTransaction": "transactionData"}.get(action)
    if key and key in copy:
        copy[key] = [_meter_value(element) for element in _listed(copy[key])]
    return copy


def _without_nulls(value: Any) -> Any:
    """Several firmwares send ``"info": null`` for what they leave out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _listed(value: Any) -> list[Any]:
    """Huawei sends the one element itself where a list of them belongs."""
    return value if isinstance(value, list) else [value]


def _meter_value(element: Any) -> Any:
    if not isinstance(element, dict) or "sampledValue" not in element:
        return element
    return element | {"sampledValue": [_sampled(s) for s in _listed(element["sampledValue"])]}


def _sampled(sample: Any) -> Any:
    """A number where its text belongs."""
    if isinstance(sample, dict) and isinstance(sample.get("value"), int | float):
        return sample | {"value": str(sample["value"])}
    return sample
