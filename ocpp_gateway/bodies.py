"""What callers of the API send for a command: OCPP payloads, read kindly, checked strictly."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError

from cms.shared import clock
from ocpp_gateway import validation
from ocpp_gateway.v16 import COMMANDS

_WIDEST = 2**63  # beyond it no JSON number survives the way to a station
_ID = "reservationId"
_PROFILE = "chargingProfileId"
_BY_ID = "A charging profile of /api/charging-profiles, instead of chargingProfile"
_OURS = "is given by the system; leave it out"
_LOCAL_LIST = {"listVersion": 1, "updateType": "Differential"}  # what may be left out
# Members of a JSON schema that OpenAPI 3.0 does not know
_FOREIGN = ("$schema", "$id", "id", "title", "javaType", "additionalItems")


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


def local_list(body: Any) -> dict[str, Any]:
    """The members of a SendLocalList, as far as the caller gave them. Raises ValidationError."""
    given = _numbers_whole(_object(body))
    _check("SendLocalList", {**_LOCAL_LIST, **given})
    if given.get("listVersion", 1) < 1:
        raise ValidationError({"listVersion": ["should be a whole number from 1 on"]})
    made: dict[str, Any] = given
    return made


def remote_start(body: Any) -> tuple[dict[str, Any], int | None]:
    """The payload of a RemoteStartTransaction, and the id of the charging profile of ours that

    ``chargingProfileId`` names instead of a chargingProfile. Raises ValidationError.
    """
    given = _numbers_whole(_object(body))
    profile_id = given.pop(_PROFILE, None)
    if profile_id is None:
        return payload("RemoteStartTransaction", given), None
    if isinstance(profile_id, bool) or not isinstance(profile_id, int):
        raise ValidationError({_PROFILE: ["should be the id of a charging profile"]})
    if "chargingProfile" in given:
        raise ValidationError({_PROFILE: ["and chargingProfile exclude each other"]})
    return payload("RemoteStartTransaction", given), profile_id


def request_schema(action: str) -> dict[str, Any]:
    """What ``payload`` or ``reservation`` takes for ``action``, for the documentation."""
    made = _for_openapi(_inlined(validation.schema(action)))
    properties, required = made.get("properties", {}), made.pop("required", [])
    optional = {*COMMANDS[action].defaults}
    for name, value in COMMANDS[action].defaults.items():
        properties[name]["default"] = value
    if action == "ReserveNow":
        properties.pop(_ID)
        optional.add(_ID)
    if action == "SendLocalList":
        optional.update(_LOCAL_LIST)
    if action == "RemoteStartTransaction":
        properties[_PROFILE] = {"type": "integer", "description": _BY_ID}
    if action == "ChangeConfiguration":
        kinds = [properties["value"], {"type": "number"}, {"type": "boolean"}]
        properties["value"] = {"oneOf": kinds}
    required = [name for name in required if name not in optional]
    return {**made, **({"required": required} if required else {})}


def answer_schema(action: str) -> dict[str, Any]:
    """What a station answers to ``action``; real ones add members of their own."""
    answer = _inlined(validation.schema(f"{action}Response"))
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


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its own definitions, as the security extensions have them, put in place."""
    definitions = schema.get("definitions", {})

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return put(definitions[node["$ref"].rpartition("/")[2]])
        return {key: put(item) for key, item in node.items() if key != "definitions"}

    made: dict[str, Any] = put(schema)
    return made


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
