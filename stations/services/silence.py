"""Silence: sessions still under way at stations that have been away for too long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from stations.models import (
    ChargingSession,
    Resolution,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.services import review

_MOST = 500  # looked at in one go; the next minute does the rest


def notice_silent_sessions(*, at: datetime) -> int:
    """Flag sessions under way at stations away for OCPP_SILENT_SESSION_HOURS; gives how many.

    Where a station is back, its session is no case any more: it goes on, or its stop arrives.
    """
    since = at - timedelta(hours=settings.OCPP_SILENT_SESSION_HOURS)
    away = Q(station__disconnected_at__lt=since) | Q(
        station__disconnected_at=None, started_at__lt=since
    )
    cases = ReviewCase.objects.filter(kind=ReviewKind.SILENT_SESSION, state=ReviewState.OPEN)
    silent = ChargingSession.objects.filter(
        away,
        ~Exists(cases.filter(session=OuterRef("pk"))),
        status=SessionStatus.ACTIVE,
        station__online=False,
    ).exclude(review_cases__kind=ReviewKind.SILENT_SESSION, review_cases__state=ReviewState.OPEN)
    found = list(silent.order_by("pk").values_list("pk", flat=True)[:_MOST])
    noticed = sum(_flag(session_id, at) for session_id in found)
    back = cases.filter(station__online=True)
    for session_id in list(back.values_list("session_id", flat=True)[:_MOST]):
        _unflag(session_id, at)
    return noticed


@transaction.atomic
def _flag(session_id: int, at: datetime) -> bool:
    session = _locked(session_id)
    if session is None or "Silent" in session.review_reasons:
        return False
    before = review.facts(session)
    review.flag(session, "Silent")
    session.save(update_fields=["needs_review", "review_reasons"])
    review.follow(session=session, before=before, at=at)
    return True


@transaction.atomic
def _unflag(session_id: int | None, at: datetime) -> None:
    session = _locked(session_id)
    if session is not None:
        review.unflag(session, ["Silent"])
        session.save(update_fields=["needs_review", "review_reasons"])
        cases = review.open_cases(session).filter(kind=ReviewKind.SILENT_SESSION)
        why = "The station is back."
        review.close(cases, Resolution.COMPLETED_BY_ITSELF, why=why, at=at)


def _locked(session_id: int | None) -> ChargingSession | None:
    """Only while it is under way: its stop may arrive at any moment."""
    rows = ChargingSession.objects.select_for_update(no_key=True)
    return rows.filter(pk=session_id or 0, status=SessionStatus.ACTIVE).first()
