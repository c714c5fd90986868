"""What is given in the tests of closed periods: a month with bills, and closing it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import BillingPeriod
from billing.reports.scope import Scope
from billing.services import periods
from tests.stations.given import after

DAY = 24 * 60
MARCH = Scope(after(-720), after(DAY * 31 - 720), "UTC")
APRIL = Scope(MARCH.until, after(DAY * 61 - 720), "UTC")
OVER = after(DAY * 70)


def close(scope: Scope = MARCH, *, at: datetime = OVER, **more: Any) -> BillingPeriod:
    """Close a time, with a key of its own."""
    return periods.close(scope=scope, at=at, **{"key": f"close/{scope.since}", **more})
