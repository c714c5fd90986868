"""What apps and we say to each other on ``/ws``: JSON in one envelope. No I/O, no rows.

``{id, type, timestamp, data, error}`` as the Charging WebSocket API has it (docs/apps.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

LONGEST_ID = 100
_LONGEST_NUMBER = 20

NOT_AUTHENTICATED: Final = "NOT_AUTHENTICATED"
NOT_AUTHORIZED: Final = "NOT_AUTHORIZED"
INVALID_TOKEN: Final = "INVALID_TOKEN"  # noqa: S105  # the name of an error
INVALID_MESSAGE: Final = "INVALID_MESSAGE_FORMAT"
UNKNOWN_TYPE: Final = "UNKNOWN_MESSAGE_TYPE"
MISSING_PARAMETERS: Final = "MISSING_PARAMETERS"
INVALID_REQUEST: Final = "INVALID_REQUEST"
OFFLINE: Final = "CHARGE_POINT_OFFLINE"
NO_TRANSACTION: Final = "TRANSACTION_NOT_FOUND"
NO_SITE: Final = "SITE_NOT_FOUND"
GATEWAY_ERROR: Final = "GATEWAY_ERROR"
TOO_OFTEN: Final = "RATE_LIMIT_EXCEEDED"


class Refused(Exception):
    """Why something is not done: a code for programs, a sentence for people, what would help."""

    def __init__(self, code: str, message: str, /, **details: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details


class Incoming(NamedTuple):
    """A frame of an app."""

    id: str
    type: str
    data: dict[str, Any]


def read(text: str | bytes) -> Incoming:
    """What an app said. Raises Refused (INVALID_MESSAGE_FORMAT), which names what is wrong."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(INVALID_MESSAGE, "Not JSON") from None
    if not isinstance(frame, dict):
        raise Refused(INVALID_MESSAGE, "Not an object")
    number, kind, data = frame.get("id", ""), frame.get("type"), frame.get("data")
    if isinstance(number, int) and not isinstance(number, bool):
        number = str(number)
    if not isinstance(number, str) or len(number) > LONGEST_ID:
        wanted = f"should be a text of {LONGEST_ID} characters at most"
        raise Refused(INVALID_MESSAGE, "Not a usable id", id=wanted)
    if not isinstance(kind, str) or not kind:
        raise Refused(INVALID_MESSAGE, "No type", type="should be the name of a message")
    if data is not None and not isinstance(data, dict):
        raise Refused(INVALID_MESSAGE, "data is no object", data="should be an object")
    return Incoming(number, kind, data or {})


def answer(to: Incoming, type_: str, data: Mapping[str, Any], at: datetime) -> str:
    """What answers a request; ``replyTo`` always has its id."""
    return _text(_answer_id(to.id), type_, at, data=data, replyTo=to.id)


def heartbeat(at: datetime, to: Incoming | None = None) -> str:
    """A sign of life, ours or in answer to theirs."""
    if to is None:
        return _text(f"heartbeat-{_stamp(at)}", "heartbeat", at)
    return _text(_answer_id(to.id), "heartbeat", at, replyTo=to.id)


def pushed(type_: str, number: str, data: Mapping[str, Any], at: datetime) -> str:
    """News nobody asked for. ``number`` makes its id one of a kind."""
    return _text(f"update-{number}", type_, at, data=data)


def error(refused: Refused, at: datetime, to: Incoming | None = None) -> str:
    """Why something was not done; ``to`` where it is known what it answers."""
    said = {"code": refused.code, "message": refused.message, "details": refused.details}
    if to is None or not to.id:
        return _text(f"error-{_stamp(at)}", "error", at, error=said)
    return _text(_answer_id(to.id), "error", at, error=said, replyTo=to.id)


def _answer_id(asked: str) -> str:
    """A client that counts its requests compares ids; any other gets ``-response`` behind its own.

    The documents of that API show the one, its sample client needs the other.
    """
    is_number = asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_NUMBER
    return asked if is_number else f"{asked}-response"


def _text(number: str, type_: str, at: datetime, **parts: Any) -> str:
    frame = {"id": number, "type": type_, "timestamp": stamp(at), **parts}
    return orjson.dumps(frame).decode()


def stamp(at: datetime) -> str:
    """``2024-01-15T10:30:00.000Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
