"""Work at a provider that rows stand for: claimed before it is asked, put off where it failed.

A claim is a lease: who dies with it loses it, and the next one asks again by the same key. Claims
and results are transactions of their own (``durable``), so that none is open during a call.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from billing.models import Payment, PaymentEvent, PaymentRefund

_OUTAGE = timedelta(minutes=1)
Row = TypeVar("Row", Payment, PaymentRefund)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)


def lease() -> timedelta:
    """How long one step may take: it makes three calls at most."""
    return timedelta(seconds=3 * settings.STRIPE_TIMEOUT_SECONDS + 30)


@transaction.atomic(durable=True)
def claimed(rows: QuerySet[Row], *, at: datetime) -> Row | None:
    """The row of ``rows`` that is due for longest, now claimed; those of others are passed over."""
    due = rows.filter(next_try_at__lte=at).order_by("next_try_at", "id")
    row = due.select_for_update(skip_locked=True, no_key=True).first()
    if row is not None:
        row.attempts += 1
        row.next_try_at = at + lease()
        row.save(update_fields=["attempts", "next_try_at"])
    return row


def wait(rows: QuerySet[Row], *, at: datetime) -> None:
    """Have those that are due wait: one call that ends in a time-out is enough for a minute."""
    rows.filter(next_try_at__lte=at).update(next_try_at=at + _OUTAGE)


def pause(attempts: int) -> timedelta:
    """How long to wait before the next attempt: twice as long each time, an hour at most."""
    return min(_FIRST_PAUSE * (1 << min(attempts, 10)), _LONGEST_PAUSE)


def put_off(row: Row, why: str, *, at: datetime) -> None:
    """Try a locked row again later, and say why."""
    row.error = why[:300]
    row.next_try_at = at + pause(row.attempts)
    row.save(update_fields=["error", "next_try_at"])


def again_now(row: Any, *, at: datetime) -> None:
    """Try a locked row again at once, as if it were new."""
    row.next_try_at, row.attempts = at, max(row.attempts, 1)
    row.save(update_fields=["next_try_at", "attempts"])


def locked(payment_id: int) -> Payment:
    """The payment, locked until the transaction ends; before any account is."""
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def note(payment: Payment, what: str, *, at: datetime, detail: str = "", event: str = "") -> None:
    """Write into the payment's history."""
    PaymentEvent.objects.create(
        payment=payment,
        at=at,
        what=what[:100],
        state=payment.state,
        detail=detail[:300],
        event_id=event[:100],
    )
