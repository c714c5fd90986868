"""What needs somebody's attention about money: what went wrong, and what waits for a decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from billing.models import CorrectionRequest, CorrectionState, Payment, PaymentRefund
from stations.attention import Item, Seen, columns, everything

PAYMENT, REFUND, CORRECTION = "payment", "refund", "correction"
_LATELY = timedelta(days=14)  # what nobody wanted to see until then stays in its list
_MOST = 200


def of_money(
    *, at: datetime, seen: Seen = everything, failures: bool = True, decider: int | None = None
) -> list[Item]:
    """Payments and refunds with an error, corrections that wait; oldest first, in one query.

    ``seen`` narrows a query to the rows that somebody may see; ``failures``: whether they may see
    payments; ``decider``: the id of who may decide, on what others asked for; None: on nothing.
    """
    parts = _failures(at, seen) if failures else []
    if decider is not None:
        parts.append(_waiting(at, seen, decider))
    if not parts:
        return []
    first, *others = parts
    found = first.union(*others, all=True) if others else first
    rows = found.order_by("i_since", "i_kind", "i_subject")[:_MOST]
    return [Item(*row) for row in rows]


def _waiting(at: datetime, seen: Seen, decider: int) -> QuerySet[Any]:
    others = CorrectionRequest.objects.filter(state=CorrectionState.WAITING)
    rows = seen(others.exclude(asked_by=decider))
    named = {"subject": "pk", "since": "asked_at", "detail": "reason"}
    return columns(rows, CORRECTION, at, **named, name=Cast("pk", CharField()))


def _failures(at: datetime, seen: Seen) -> list[QuerySet[Any]]:
    more = {"subject": "pk", "since": "changed_at", "detail": "error"}
    payments = seen(Payment.objects.exclude(error="").filter(changed_at__gte=at - _LATELY))
    refunds = seen(PaymentRefund.objects.exclude(error="").filter(changed_at__gte=at - _LATELY))
    own = columns(payments, PAYMENT, at, **more, name=Cast("pk", CharField()))
    back = columns(refunds, REFUND, at, **more, name=Cast("payment_id", CharField()))
    return [own, back]
