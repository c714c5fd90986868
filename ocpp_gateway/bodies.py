"""What callers of the API send for a command: OCPP payloads, read kindly, checked strictly."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError

from cms.shared import clock
from ocpp_gateway import validation
from ocpp_gateway.v16 import COMMANDS

_WIDEST = 2**63  # beyond it no JSON number survives the way to a station
_ID = "reservationId"
_OURS = "is given by the system; leave it out"
# Members of a JSON schema that OpenAPI 3.0 does not know
_FOREIGN = ("$schema", "$id", "id", "title")


def payload(action: str, body: Any) -> dict[str, Any]:
    """The payload of ``action`` that ``body`` means. Raises ValidationError with field names."""
    made = {**COMMANDS[action].defaults, **_numbers_whole(_object(body))}
    if action == "ChangeConfiguration" and "value" in made:
        made["value"] = _as_text(made["value"])
    _check(action, made)
    return made


def reservation(body: Any) -> dict[str, Any]:
    """The members of a ReserveNow, ``expiryDate`` as a moment. Raises ValidationError."""
    given = _numbers_whole(_object(body))
    if _ID in given:
        raise ValidationError({_ID: [_OURS]})
    _check("ReserveNow", {**given, _ID: 1})
    try:
        return {**given, "expiryDate": clock.parse(given["expiryDate"])}
    except ValueError:
        message = "should be a time such as 2026-01-31T18:00:00Z"
        raise ValidationError({"expiryDate": [message]}) from None


def request_schema(action: str) -> dict[str, Any]:
    """What ``payload`` or ``reservation`` takes for ``action``, for the documentation."""
    made = _for_openapi(validation.schema(action))
    properties, required = made.get("properties", {}), made.pop("required", [])
    optional = {*COMMANDS[action].defaults}
    for name, value in COMMANDS[action].defaults.items():
        properties[name]["default"] = value
    if action == "ReserveNow":
        properties.pop(_ID)
        optional.add(_ID)
    if action == "ChangeConfiguration":
        kinds = [properties["value"], {"type": "number"}, {"type": "boolean"}]
        properties["value"] = {"oneOf": kinds}
    required = [name for name in required if name not in optional]
    return {**made, **({"required": required} if required else {})}


def answer_schema(action: str) -> dict[str, Any]:
    """What a station answers to ``action``; real ones add members of their own."""
    answer = validation.schema(f"{action}Response")
    made: dict[str, Any] = _for_openapi(answer, (*_FOREIGN, "additionalProperties"))
    return made


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ValidationError("The body should be a JSON object")
    return dict(body.items())


def _check(action: str, made: dict[str, Any]) -> None:
    fields: dict[str, list[str]] = {}
    for problem in validation.check_call(action, made):
        fields.setdefault(problem.field or "non_field_errors", []).append(problem.message)
    if fields:
        raise ValidationError(fields)


def _numbers_whole(value: Any) -> Any:
    """``1.0`` as ``1``: JSON knows no difference, but many a station does."""
    if isinstance(value, dict):
        return {key: _numbers_whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_whole(item) for item in value]
    if isinstance(value, int | float) and abs(value) >= _WIDEST:
        raise ValidationError(f"{value:.6g} is too large a number")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _as_text(value: Any) -> Any:
    """Numbers and booleans in the spelling stations use; OCPP has only text here."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _for_openapi(node: Any, foreign: tuple[str, ...] = _FOREIGN) -> Any:
    """A copy of a JSON schema in the dialect of OpenAPI 3.0, without the members ``foreign``."""
    if isinstance(node, list):
        return [_for_openapi(item, foreign) for item in node]
    if not isinstance(node, dict):
        return node
    copied = {
        key: _for_openapi(value, foreign)
        for key, value in node.items()
        if key not in (*foreign, "properties")
    }
    if "properties" in node:  # its keys are names, not members of the schema language
        members = node["properties"].items()
        copied["properties"] = {name: _for_openapi(schema, foreign) for name, schema in members}
    return copied
