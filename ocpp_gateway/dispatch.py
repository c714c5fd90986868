"""One CALL of a station: who handles it, and its answer: a payload or an error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from django.db import OperationalError

from cms.shared.errors import DomainError
from ocpp_gateway import quirks, validation
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.tolerances import SOUND, Tolerances

logger = logging.getLogger(__name__)
Note = Callable[[str, str], None]
Payload = dict[str, Any]


class Inbound(NamedTuple):
    """A station's call on its way down its column."""

    station_id: int
    cp_id: str
    zone: tzinfo  # of the station's clock
    payload: Payload
    at: datetime  # when we received it
    model: Tolerances = SOUND  # what is known of its model
    note: Note = quirks.nobody  # hears what is tolerated of it


class AtOnce(NamedTuple):
    """Answered without the database."""

    answer: Callable[[Inbound], Payload]


class Alone(NamedTuple):
    """Answered after a transaction of its own; ``afterwards`` is done once it heard Accepted."""

    answer: Callable[[Inbound], Payload]
    afterwards: Callable[[Inbound], None] | None = None


class Shared(NamedTuple):
    """Many frames share one transaction: each translated, all stored in one go, answered empty."""

    translate: Callable[[Inbound], Sequence[Any]]
    store: Callable[[Sequence[Any], datetime], None]


Route = AtOnce | Alone | Shared


class Refusal(Exception):
    """What a handler raises to answer with an OCPP error code and a short description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


def route(
    calls: dict[str, Route], call: Call, note: Note = quirks.nobody
) -> tuple[Route, Payload] | CallError:
    """Who handles ``call``, and its payload, checked; or why nobody does (OCPP-J section 4.2.3).

    ``note`` hears what is tolerated in it: its kind, and which one it was.
    """
    found = calls.get(call.action)
    if found is None:
        known = validation.knows(call.action)
        code = "NotSupported" if known else "NotImplemented"
        return CallError(call.unique_id, code, "this action is not served here")
    if validation.is_exact(call.action, call.payload):  # as nearly all are
        return found, call.payload
    mended: set[str] = set()
    payload = call.payload
    problem = validation.check_received(call.action, payload)
    if problem is not None:
        payload = quirks.mended(call.action, payload, mended.add)
        if validation.check_received(call.action, payload) is not None:
            return CallError(call.unique_id, problem.code, problem.message)
    for kind in sorted(mended):
        note(kind, call.action)
    for kind, detail in dict(validation.oddities(call.action, payload)).items():
        note(kind, f"{call.action}.{detail}")
    return found, payload


def refusal(error: Exception, action: str, cp_id: str) -> Refusal:
    """The answer for whatever went wrong; only our own faults are InternalError, and logged."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DomainError):
        return Refusal("PropertyConstraintViolation", str(error))
    if isinstance(error, OperationalError):
        logger.error("[%s] %s was not stored: %s", cp_id, action, error)
        return Refusal("InternalError", "not stored now, try again")
    logger.error("[%s] %s failed", cp_id, action, exc_info=error)
    return Refusal("InternalError", "this system failed, not the message")
