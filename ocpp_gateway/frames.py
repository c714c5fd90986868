"""OCPP-J frames: JSON text to typed values and back; no I/O, no framework."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

CALL, CALLRESULT, CALLERROR = 2, 3, 4
MAX_UNIQUE_ID = 36  # OCPP-J 1.6, section 4.1.4
_TOLERATED_UNIQUE_ID = 255  # longer ids are seen in the field; the answer must carry them back
_LEVELS = 32  # arrays and objects inside each other; OCPP needs six
_NUL = "\x00"  # no column of PostgreSQL holds it


class Call(NamedTuple):
    """A question of either side: ``[2, id, action, payload]``."""

    unique_id: str
    action: str
    payload: dict[str, Any]


class CallResult(NamedTuple):
    """The answer to a Call: ``[3, id, payload]``."""

    unique_id: str
    payload: dict[str, Any]


class CallError(NamedTuple):
    """The refusal of a Call: ``[4, id, code, description, details]``."""

    unique_id: str
    code: str
    description: str = ""
    details: dict[str, Any] = {}


class Malformed(NamedTuple):
    """Text that is no frame. Has a ``unique_id`` only where it still must be answered."""

    unique_id: str
    description: str


Frame = Call | CallResult | CallError | Malformed


def decode(text: str | bytes) -> Frame:
    """Read one frame. Never raises: what cannot be read comes back as ``Malformed``."""
    try:
        parts = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Malformed("", "not JSON")
    if not isinstance(parts, list) or len(parts) < 2 or type(parts[0]) is not int:
        return Malformed("", "not an array of message type, unique id and content")
    kind, unique_id = parts[0], parts[1]
    if not isinstance(unique_id, str) or not 0 < len(unique_id) <= _TOLERATED_UNIQUE_ID:
        return Malformed("", "the unique id is not a short text")
    if kind not in _DECODERS:
        return Malformed("", "unknown message type")
    if _count(text, "[") + _count(text, "{") > _LEVELS and _is_deeper(parts, _LEVELS):
        return Malformed(unique_id if kind == CALL else "", "nested too deeply")
    if _count(text, "\\u0000"):
        parts[2:] = _without_nul(parts[2:])
    return _DECODERS[kind](unique_id, parts)


def encode(frame: Call | CallResult | CallError) -> str:
    """Write one frame as the text that goes on the wire."""
    if isinstance(frame, Call):
        parts: list[Any] = [CALL, frame.unique_id, frame.action, frame.payload]
    elif isinstance(frame, CallResult):
        parts = [CALLRESULT, frame.unique_id, frame.payload]
    else:
        parts = [CALLERROR, *frame]
    return orjson.dumps(parts).decode()


def _decode_call(unique_id: str, parts: list[Any]) -> Frame:
    if len(parts) not in (3, 4):
        return Malformed(unique_id, "a CALL has four elements")
    action, payload = parts[2], _object(parts[3] if len(parts) == 4 else None)
    if not isinstance(action, str) or not action:
        return Malformed(unique_id, "the action is not a text")
    if payload is None:
        return Malformed(unique_id, "the payload is not an object")
    return Call(unique_id, action, payload)


def _decode_result(unique_id: str, parts: list[Any]) -> Frame:
    if len(parts) < 3:
        return Malformed("", "a CALLRESULT has three elements")
    payload = _object(parts[2])
    if payload is None:  # whoever waits for this answer need not wait on
        return CallError(unique_id, "FormationViolation", "the answer is not an object")
    return CallResult(unique_id, payload)


def _decode_error(unique_id: str, parts: list[Any]) -> Frame:
    if len(parts) < 3:
        return Malformed("", "a CALLERROR has five elements")
    # Four elements instead of five are seen in the field (no details): accepted.
    code = parts[2] if isinstance(parts[2], str) else "GenericError"
    description = parts[3] if len(parts) > 3 and isinstance(parts[3], str) else ""
    details = _object(parts[4]) if len(parts) > 4 else None
    return CallError(unique_id, code, description, details or {})


def _object(value: Any) -> dict[str, Any] | None:
    """An object, or None where it is something else; ``null`` is an empty one."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else None


def _count(text: str | bytes, part: str) -> int:
    return text.count(part) if isinstance(text, str) else text.count(part.encode())


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether ``value`` holds more ``levels`` of arrays and objects than that."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_NUL, "")
    if isinstance(value, dict):
        return {key.replace(_NUL, ""): _without_nul(item) for key, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list) else value


_DECODERS = {CALL: _decode_call, CALLRESULT: _decode_result, CALLERROR: _decode_error}
