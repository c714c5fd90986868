"""What a period still waits for: sessions under way, and ended ones without a bill."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q

from billing.models import BillingState, SessionTariff
from stations.models import ChargingSession, SessionStatus


class Unfinished(NamedTuple):
    """How many sessions that began or ended before a moment have no bill yet, and why."""

    open: int
    in_review: int
    failed: int
    due: int

    def __bool__(self) -> bool:
        return any(self)


def before(until: datetime) -> Unfinished:
    """Everything from before ``until``. Two queries along the indexes of what is not done."""
    active = ChargingSession.objects.filter(status=SessionStatus.ACTIVE, started_at__lt=until)
    due = SessionTariff.objects.filter(state=BillingState.DUE)
    # Not all that ended have a stop: a later session may have shown that it was over.
    early = Q(session__stopped_at__lt=until) | Q(
        session__stopped_at=None, session__started_at__lt=until
    )
    ended = due.filter(early).exclude(session__status=SessionStatus.ACTIVE)
    review, failed = Q(session__needs_review=True), ~Q(error="")
    counted = ended.aggregate(
        in_review=Count("pk", filter=review),
        failed=Count("pk", filter=~review & failed),
        due=Count("pk", filter=~review & ~failed),
    )
    return Unfinished(open=active.count(), **counted)
