"""The review queue: what happened becomes a case, seen again it is counted, and it may end itself.

Every function here may run inside the transaction that causes the case; who holds a session's row
and its cases' rows has locked the session first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from stations import hooks
from stations.models import (
    ChargingSession,
    Resolution,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.models.review import REASONS

_STOPS_KEPT = 5
_STOP = ("transaction_id", "stopped_at", "meter_stop_wh", "id_tag", "reason")
_AUDITED = (
    *("status", "started_at", "stopped_at", "meter_start_wh", "meter_stop_wh", "energy_wh"),
    *("stop_reason", "reported_transaction_id", "billable", "review_reasons"),
)
_ITSELF = "What happened since explains it."


class Sighting(NamedTuple):
    """Something to look at; two with the same kind and subject are one case."""

    kind: str
    subject: str
    reason: str = ""
    station_id: int | None = None
    session_id: int | None = None
    cp_id: str = ""
    id_tag: str = ""
    address: str = ""
    evidence: dict[str, Any] = {}
    times: int = 1


def notice(sighting: Sighting, *, at: datetime) -> bool:
    """Count ``sighting`` on its open case, or open one; says whether it is new."""
    return not counted(sighting, at=at) and _opened(sighting, at)


def facts(session: ChargingSession) -> dict[str, Any]:
    """What an auditor compares: the session's decisive fields as JSON holds them."""
    values = {name: getattr(session, name) for name in _AUDITED}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The fields that changed, each as ``[before, after]``."""
    return {
        name: [before.get(name), after[name]] for name in after if before.get(name) != after[name]
    }


def follow(*, session: ChargingSession, before: dict[str, Any], at: datetime) -> None:
    """Open, count and end the cases of a stored ``session`` as its reasons say.

    ``before`` is its facts() before they changed, or empty where it is new. A reason that went
    away while nobody settled it went away by itself.
    """
    tell(session=session, before=before, at=at)
    had, has = set(before.get("review_reasons", ())), set(session.review_reasons)
    if gone := had - has:
        cases = open_cases(session).filter(reason__in=gone)
        changes = {str(session): difference(before, facts(session))}
        close(cases, Resolution.COMPLETED_BY_ITSELF, why=_ITSELF, at=at, changes=changes)
    for reason in sorted(has):
        notice(of_session(session, reason), at=at)


def tell(*, session: ChargingSession, before: dict[str, Any], at: datetime) -> None:
    """Tell the apps above what changed of a stored ``session`` that had ended: few ever do."""
    if before.get("status", SessionStatus.ACTIVE) == SessionStatus.ACTIVE:
        return
    if difference(before, facts(session)):
        hooks.changed(session.pk, at)


def stopped_again(*, session: ChargingSession, stop: dict[str, Any], at: datetime) -> None:
    """Another stop of an ended ``session``: where it contradicts the first, a case and no change.

    A retry is known by its register, as it may carry a new time. One that was looked at before
    opens nothing again.
    """
    if session.status == SessionStatus.ORPHANED:
        follow(session=session, before=facts(session), at=at)
        return
    if session.stop_received_at and session.meter_stop_wh == stop["meter_stop_wh"]:
        return
    said = {name: stop[name] for name in _STOP if stop[name] != ""}
    said["stopped_at"] = stop["stopped_at"].isoformat()
    cases = ReviewCase.objects.filter(session=session, kind=ReviewKind.SECOND_STOP)
    if any(said in case.evidence.get("stops", ()) for case in cases.exclude(state="Open")[:50]):
        return
    known = cases.filter(state=ReviewState.OPEN).first()
    stops = known.evidence.get("stops", []) if known else []
    kept = stops if said in stops else [*stops, said][-_STOPS_KEPT:]
    flag(session, "SecondStop")
    session.save(update_fields=["needs_review", "review_reasons"])
    notice(of_session(session, "SecondStop", {"stops": kept}), at=at)


def flag(session: ChargingSession, reason: str) -> None:
    """Note on the row, which the caller stores, why somebody should look at it."""
    session.needs_review = True
    if reason not in session.review_reasons:
        session.review_reasons = [*session.review_reasons, reason]


def unflag(session: ChargingSession, reasons: Iterable[str]) -> None:
    """Take reasons off the row, which the caller stores."""
    gone = set(reasons)
    session.review_reasons = [reason for reason in session.review_reasons if reason not in gone]
    session.needs_review = bool(session.review_reasons)


def of_session(
    session: ChargingSession, reason: str, evidence: dict[str, Any] | None = None
) -> Sighting:
    """The sighting of a reason that stands on a session."""
    return Sighting(
        REASONS.get(reason, ReviewKind.ODD_SESSION),
        f"{session.pk}/{reason}",
        reason,
        session.station_id,
        session.pk,
        id_tag=session.id_tag or session.stop_id_tag,
        evidence=evidence or {},
    )


def open_cases(session: ChargingSession) -> Any:
    """What there still is to settle about ``session``."""
    return ReviewCase.objects.filter(session=session, state=ReviewState.OPEN)


def close(
    cases: Any,
    resolution: Resolution,
    *,
    why: str,
    at: datetime,
    changes: dict[str, Any] | None = None,
    by: Any = None,
) -> int:
    """Settle open ``cases`` (a query), by a user or by themselves; gives how many."""
    return int(
        cases.filter(state=ReviewState.OPEN).update(
            state=ReviewState.SETTLED,
            resolution=resolution,
            why=why,
            settled_at=at,
            settled_by=by,
            settled_by_name=by.get_username() if by else "",
            changes=changes or {},
        )
    )


def counted(sighting: Sighting, *, at: datetime) -> bool:
    """Count ``sighting`` where it has an open case; says whether it has."""
    known = ReviewCase.objects.filter(
        kind=sighting.kind, subject=sighting.subject, state=ReviewState.OPEN
    )
    latest: dict[str, Any] = {"evidence": sighting.evidence} if sighting.evidence else {}
    if sighting.station_id is not None:
        latest["station_id"] = sighting.station_id
    if sighting.address:
        latest["address"] = sighting.address
    seen = F("times_seen") + sighting.times
    return bool(known.update(times_seen=seen, last_seen_at=at, **latest))


def _opened(sighting: Sighting, at: datetime) -> bool:
    row = ReviewCase(
        **{name: value for name, value in sighting._asdict().items() if name != "times"},
        times_seen=sighting.times,
        first_seen_at=at,
        last_seen_at=at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # somebody opened it at the same moment
        return not counted(sighting, at=at)
    return True
