"""The audit trail: who did what to which object, from where. Rows are django-auditlog's.

What a person or a program does in a request is written down (cms/audit watches the models). What
stations report, and what this system does by itself, is in records of its own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from django.db.models import Model, QuerySet

from cms.shared import display

DONE = LogEntry.Action.ACCESS  # a deed that is no change of fields: a command, a login
_BATCH = 1000
_request: ContextVar[Any] = ContextVar("audit_request", default=None)


@contextmanager
def acting(request: Any) -> Iterator[None]:
    """What happens inside is done by whoever makes ``request``."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def request_now() -> Any:
    """The request that is answered now; None outside of any."""
    return _request.get()


def somebody_acts() -> bool:
    """Whether a person or a program does what happens now."""
    request = _request.get()
    return request is not None and request.user.is_authenticated


def note(obj: Model, said: str, *, user_id: int | None = None, **details: Any) -> None:
    """Write down a deed on ``obj`` in words (English, as they are kept), with ``details``.

    ``user_id`` names who wanted it where that happens outside of their request.
    """
    LogEntry.objects.log_create(
        obj,
        force_log=True,
        action=DONE,
        actor_id=user_id,
        additional_data={"said": said, **display.masked(details)},
    )


def sign(sender: Any, instance: LogEntry, **_: Any) -> None:
    """Before an entry is stored: who acts, by which key, from where."""
    if not somebody_acts():
        return
    request = _request.get()
    instance.actor_id = request.user.pk
    instance.actor_email = request.user.email
    instance.remote_addr = _address(request.META.get("REMOTE_ADDR"))
    key = getattr(request, "auth", None)
    by = {"key": str(key)} if isinstance(key, Model) else {}
    who = {"who": request.user.get_username(), **by}
    instance.additional_data = {**(instance.additional_data or {}), **who}


def of(obj: Model) -> QuerySet[LogEntry]:
    """What was done to ``obj``, the latest first."""
    rows: QuerySet[LogEntry] = LogEntry.objects.get_for_object(obj)
    return rows.select_related("actor").order_by("-id")


def forget(*, before: datetime) -> int:
    """Delete entries older than ``before``, some at a time; gives how many."""
    gone = 0
    while old := list(
        LogEntry.objects.filter(timestamp__lt=before).order_by().values_list("pk")[:_BATCH]
    ):
        gone += LogEntry.objects.filter(pk__in=[pk for (pk,) in old]).delete()[0]
    return gone


def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return None
