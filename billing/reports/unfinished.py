"""What a period still waits for: sessions under way, and ended ones without a bill."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeVar

from django.db.models import Count, Model, Q, QuerySet

from billing.models import BillingState, SessionTariff
from stations.models import ChargingSession, SessionStatus

Row = TypeVar("Row", bound=Model)
Sites = tuple[int, ...] | None  # of which the sessions are; None: of all


class Unfinished(NamedTuple):
    """How many sessions that began or ended before a moment have no bill yet, and why."""

    open: int
    in_review: int
    failed: int
    due: int

    def __bool__(self) -> bool:
        return any(self)


def before(until: datetime, *, sites: Sites = None) -> Unfinished:
    """Everything from before ``until``. Two queries along the indexes of what is not done."""
    active = _at(sites, ChargingSession.objects.all(), "station__site").filter(
        status=SessionStatus.ACTIVE, started_at__lt=until
    )
    review, failed = Q(session__needs_review=True), ~Q(error="")
    counted = _ended(until, sites).aggregate(
        in_review=Count("pk", filter=review),
        failed=Count("pk", filter=~review & failed),
        due=Count("pk", filter=~review & ~failed),
    )
    return Unfinished(open=active.count(), **counted)


def waiting(until: datetime, *, sites: Sites = None) -> QuerySet[SessionTariff]:
    """What ended before ``until`` and has no bill, the oldest first, with sessions and stations."""
    return _ended(until, sites).select_related("session__station").order_by("session_id")


def _ended(until: datetime, sites: Sites) -> QuerySet[SessionTariff]:
    due = _at(sites, SessionTariff.objects.filter(state=BillingState.DUE))
    # Not all that ended have a stop: a later session may have shown that it was over.
    early = Q(session__stopped_at__lt=until) | Q(
        session__stopped_at=None, session__started_at__lt=until
    )
    return due.filter(early).exclude(session__status=SessionStatus.ACTIVE)


def misfits(*, sites: Sites = None) -> int:
    """How many bills no longer fit their sessions (services/fitting.py). One query, of few rows."""
    return _at(sites, SessionTariff.objects.filter(misfit_since__isnull=False)).count()


def _at(sites: Sites, rows: QuerySet[Row], path: str = "session__station__site") -> QuerySet[Row]:
    return rows if sites is None else rows.filter(**{f"{path}__in": sites})
