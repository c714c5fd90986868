"""Which closed billing periods a time has a part in."""

from __future__ import annotations

from billing.models import BillingPeriod
from billing.reports.scope import Scope

_MOST = 24


def of_time(scope: Scope) -> list[BillingPeriod]:
    """Closed periods within ``scope``, in their order, without figures: the last 24. One query."""
    if scope.sites is not None:  # a period is of the whole company
        return []
    rows = BillingPeriod.objects.filter(since__lt=scope.until, until__gt=scope.since)
    found = rows.select_related("closed_by").defer("snapshot").order_by("-number")[:_MOST]
    return list(found)[::-1]
