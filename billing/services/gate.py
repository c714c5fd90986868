"""The gate between booking and closing: who books goes in side by side, who closes alone.

On PostgreSQL a lock that the transaction holds until its end; SQLite has one writer anyway. The
triggers of migrations/_closed.py go through the same gate, whoever writes: entering it first saves
waiting there with accounts locked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from billing.errors import PeriodClosed
from billing.models import BillingPeriod

_LOCK = 7068657269  # as in migrations/_closed.py


def enter(*, at: datetime) -> None:
    """Take part in booking until the transaction ends. One query.

    Raises PeriodClosed where ``at`` lies in a closed period.
    """
    until = _closed_until()
    if until is not None and at < until:
        raise PeriodClosed


def shut() -> None:
    """Wait until nobody books, and let nobody begin to until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _closed_until() -> datetime | None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT billing_closed_until()")
            found: tuple[datetime | None] = cursor.fetchone()
            return found[0]
    return BillingPeriod.objects.order_by("-number").values_list("until", flat=True).first()
