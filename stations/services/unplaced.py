"""Meter values of no session: found a moment after they came, and placed by an operator.

Storing readings is the hot path, so nobody asks there; a periodic look does, along an index that
holds nothing else. What the newest case has seen says from where on to look.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from cms.shared.errors import DomainError
from stations.models import (
    ChargingSession,
    MeterValue,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.services import review

_SLACK = timedelta(minutes=10)  # how much later than its reception a reading may be committed
_GROUPS = 5000  # looked at in one go
_SUMS = {
    "newest": Max("pk"),
    "first": Min("sampled_at"),
    "last": Max("sampled_at"),
    "received": Max("received_at"),
}
_OF_ONE_CONNECTOR = 20  # open cases; a station that makes numbers up fills no more


@transaction.atomic
def notice_unplaced(*, at: datetime) -> int:
    """Raise or count a case for each number under which readings of no session came; how many."""
    groups = list(_groups(_since())[:_GROUPS])
    known = _known([*map(_subject, groups), *map(_rest_of_connector, groups)])
    noticed = 0
    for group in groups:
        covering = [known.get(_subject(group)), known.get(_rest_of_connector(group))]
        if not any(case and case.evidence.get("newest", 0) >= group["newest"] for case in covering):
            _notice(group, covering[0])
            noticed += 1
    return noticed


def notice_rest(*, case: ReviewCase) -> None:
    """What a settled ``case`` left without a session is a case of its own."""
    own = of(case).aggregate(
        newest=Max("pk"),
        first=Min("sampled_at"),
        last=Max("sampled_at"),
        received=Max("received_at"),
    )
    if own["newest"] is not None:
        where = {
            "connector_id": case.evidence["connector"],
            "connector__connector_id": case.evidence["connectorId"],
            "connector__station_id": case.station_id,
            "reported_transaction_id": case.evidence["transactionId"],
        }
        _notice({**own, **where}, None)


def place(*, case: ReviewCase, session: ChargingSession) -> dict[str, Any]:
    """Give ``session`` the readings of ``case`` that its time covers; gives what changed.

    Raises DomainError where it covers none.
    """
    moved = of(case).filter(_time_of(session)).update(session=session)
    if not moved:
        raise DomainError(
            "None of these meter values was sampled in the time of that session",
            fields={"sessionId": ["none of these meter values was sampled in its time"]},
        )
    before = review.facts(session)
    _show(session)
    return {
        str(session): review.difference(before, review.facts(session)),
        "meter values": {"session": [None, session.pk], "count": [0, moved]},
    }


def _unplaced() -> QuerySet[MeterValue]:
    return MeterValue.objects.filter(session__isnull=True, reported_transaction_id__isnull=False)


def _since() -> datetime | None:
    """From where on to look: a little before what the newest case saw; from the start on where
    there is none."""
    newest = ReviewCase.objects.filter(kind=ReviewKind.UNPLACED_READINGS)
    seen = newest.order_by("-last_seen_at").values_list("last_seen_at", flat=True).first()
    return seen - _SLACK if seen else None


def of(case: ReviewCase) -> QuerySet[MeterValue]:
    """The meter values a case is about, as far as no session has them."""
    return _unplaced().filter(
        connector_id=case.evidence.get("connector"),
        reported_transaction_id=case.evidence.get("transactionId"),
    )


def _groups(since: datetime | None) -> Any:
    rows = _unplaced().filter(received_at__gte=since) if since else _unplaced()
    which = ("connector_id", "connector__connector_id", "connector__station_id")
    return (
        rows.order_by()
        .values(*which, "reported_transaction_id")
        .annotate(**_SUMS)
        .order_by("received")
    )


def _subject(group: dict[str, Any]) -> str:
    return f"{group['connector_id']}/{group['reported_transaction_id']}"


def _rest_of_connector(group: dict[str, Any]) -> str:
    return f"{group['connector_id']}/*"


def _known(subjects: list[str]) -> dict[str, ReviewCase]:
    """The newest case of each subject, settled or not."""
    cases = ReviewCase.objects.filter(kind=ReviewKind.UNPLACED_READINGS, subject__in=subjects)
    return {case.subject: case for case in cases.order_by("id")}


def _notice(group: dict[str, Any], known: ReviewCase | None) -> None:
    evidence = {
        "connector": group["connector_id"],
        "connectorId": group["connector__connector_id"],
        "newest": group["newest"],
        "first": group["first"].isoformat(),
        "last": group["last"].isoformat(),
    }
    subject, reason = _subject(group), "they name a session that is none of this station's"
    is_open = known is not None and known.is_open
    if is_open and known is not None:
        evidence["first"] = min(evidence["first"], known.evidence["first"])
    if not is_open and _is_full(group["connector_id"]):
        subject, reason = _rest_of_connector(group), "more numbers that are no sessions"
    else:
        evidence["transactionId"] = group["reported_transaction_id"]
    station = group["connector__station_id"]
    kind = ReviewKind.UNPLACED_READINGS
    sighting = review.Sighting(kind, subject, reason, station, evidence=evidence)
    review.notice(sighting, at=group["received"])


def _is_full(connector: int) -> bool:
    cases = ReviewCase.objects.filter(kind=ReviewKind.UNPLACED_READINGS, state=ReviewState.OPEN)
    return cases.filter(subject__startswith=f"{connector}/").count() >= _OF_ONE_CONNECTOR


def _time_of(session: ChargingSession) -> Q:
    """Within the session; one without a stop lasts at most until the next on its connector."""
    begun, ended = session.started_at, session.stopped_at
    if begun is None:
        return Q(sampled_at__lte=ended)
    later = ChargingSession.objects.filter(connector=session.connector_id, started_at__gt=begun)
    next_at = later.order_by("started_at").values_list("started_at", flat=True).first()
    if session.status in (SessionStatus.ACTIVE, SessionStatus.INFERRED):
        return Q(sampled_at__gte=begun) & (Q(sampled_at__lt=next_at) if next_at else Q())
    return Q(sampled_at__gte=begun, sampled_at__lte=ended)


def _show(session: ChargingSession) -> None:
    """A session without a stop shows the newest reading it has now."""
    newest = session.meter_values.filter(energy_wh__isnull=False).order_by("-sampled_at").first()
    if session.status not in (SessionStatus.ACTIVE, SessionStatus.INFERRED) or newest is None:
        return
    if session.last_reading_at and newest.sampled_at < session.last_reading_at:
        return
    session.last_reading_at, session.last_register_wh = newest.sampled_at, newest.energy_wh
    session.energy_wh = max(0, (newest.energy_wh or 0) - (session.meter_start_wh or 0))
    if session.status == SessionStatus.INFERRED:
        session.meter_stop_wh = newest.energy_wh
        session.stopped_at = max(session.stopped_at or newest.sampled_at, newest.sampled_at)
    session.save()
