"""What was billed today, for the home page: only to whom may see billing reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.http import HttpRequest

from billing import selectors
from billing.models import SessionBill
from cms.shared import money, scoping

_WEEK = timedelta(days=7)


class Revenue(NamedTuple):
    """By currency, most first: what was billed today, and by this time a week ago."""

    sums: list[tuple[str, Decimal, Decimal]]


def of_today(request: HttpRequest, at: datetime, today: datetime) -> Revenue | None:
    """Gross, taken back bills subtracted; None for who may not see it. One query."""
    if not request.user.has_perm("billing.view_report"):
        return None
    bills = scoping.visible(request.user, SessionBill.objects.all())
    now, then = (today, at), (today - _WEEK, at - _WEEK)
    found = selectors.billed_twice(bills, now, then)
    return Revenue(
        [
            (currency, money.rounded(new, currency), money.rounded(old, currency))
            for currency, new, old in sorted(found, key=lambda row: -abs(row[1]))
        ]
    )
