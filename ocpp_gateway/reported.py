"""Frames that another gateway carried, kept in the message log as those of our own sockets are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import transaction
from django.db.models import QuerySet

from ocpp_gateway import masking, notebook
from ocpp_gateway.models import Direction, OcppMessage
from stations.services import filing

REPEATED = timedelta(seconds=5)  # the same frame within it is the same telling of it
_ANSWERED_WITHIN = timedelta(minutes=10)
_RESULT, _ERROR = 3, 4  # message type numbers, OCPP-J 1.6 section 4.2


class Frame(NamedTuple):
    """A frame, who sent it (``Received``: the station), and what it is: an action, or Response."""

    station_id: int
    direction: str
    message_id: str
    action: str
    frame: list[Any]
    at: datetime

    @property
    def answers(self) -> bool:
        """Whether it is an answer."""
        return bool(self.frame) and self.frame[0] in (_RESULT, _ERROR)


@transaction.atomic
def keep(told: Frame) -> bool:
    """Store ``told``, an answer with the call it answers; False where it was told before."""
    filing.hold(told.station_id)  # two tellings at once are two all the same
    text = orjson.dumps(told.frame).decode()
    if told.answers and _answered(told, text):
        return True
    if _known(told, text):
        return False
    action = "" if told.answers else told.action
    who, code = (told.station_id, told.direction, told.message_id), _error_code(told)
    entry = notebook.Exchange(*who, action, notebook.cut(text), "", code, told.at, None)
    notebook.keep([entry])
    return True


def _answered(told: Frame, text: str) -> bool:
    """Put an answer to its call, where that is known and has none."""
    asked = Direction.SENT if told.direction == Direction.RECEIVED else Direction.RECEIVED
    calls = _near(told, _ANSWERED_WITHIN).filter(direction=asked, response="").exclude(action="")
    call = calls.order_by("-pk").first()
    if call is None or not told.message_id:
        return False
    taken = max(told.at - call.at, timedelta())
    OcppMessage.objects.filter(pk=call.pk, at=call.at).update(
        response=masking.mask(notebook.cut(text)),
        error_code=_error_code(told),
        latency_ms=round(taken.total_seconds() * 1000),
    )
    return True


def _known(told: Frame, text: str) -> bool:
    if told.answers:
        answer = masking.mask(notebook.cut(text))
        with_it = _near(told, _ANSWERED_WITHIN).filter(response=answer)
        if told.message_id and with_it.exists():
            return True
        return _near(told, REPEATED).filter(request=answer).exists()
    same = _near(told, REPEATED).filter(direction=told.direction, action=told.action)
    return bool(told.message_id) and same.exists()


def _near(told: Frame, span: timedelta) -> QuerySet[OcppMessage]:
    """What the station said or heard about then under this message id: one day's rows, or two."""
    within = (told.at - span, told.at + span)
    return OcppMessage.objects.filter(
        station=told.station_id, message_id=told.message_id, at__range=within
    )


def _error_code(told: Frame) -> str:
    is_error = bool(told.frame) and told.frame[0] == _ERROR and len(told.frame) > 2
    return str(told.frame[2])[:50] if is_error else ""
