"""Settling review cases: what an operator decides, once, with who and why and what it changed.

Whoever settles locks the station first, then its sessions, and then the case, as stations do.
A case that is settled already raises Conflict, which says by whom: double clicks change nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from cms.shared import clock
from cms.shared.errors import Conflict, DomainError, NotFound
from rfid.services import cards
from stations import by_now
from stations.models import (
    ChargingSession,
    MeterValue,
    Resolution,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.models.sessions import OPEN_ENDED
from stations.services import assignments, endings, filing, review, unplaced

if TYPE_CHECKING:
    from cms.accounts.models import User

_AHEAD = timedelta(minutes=5)  # how far a corrected time may lie ahead of our clock
_WHY = 2000


class Who(NamedTuple):
    """Who settles, and why: both are kept with the case."""

    by: User
    why: str


@transaction.atomic
def attach(*, case_id: int, transaction_id: int, who: Who, at: datetime) -> ReviewCase:
    """Give an orphaned stop, or meter values of no session, to a session of the same station.

    The session is completed by the stop as if it had named it; the orphan stays as evidence and is
    never billed. Of meter values those move that the session's time covers. Raises DomainError
    where that session cannot take it.
    """
    case, locked = opened(case_id, "attach", who, transaction_id)
    target = locked.get(transaction_id)
    if target is None or target.station_id != case.station_id or target.pk == case.session_id:
        raise DomainError.of_field("sessionId", "should be another session of the same station")
    if case.kind == ReviewKind.UNPLACED_READINGS:
        changes = unplaced.place(case=case, session=target)
        settled(case, Resolution.ATTACHED, who, at, changes)
        unplaced.notice_rest(case=case)
        return case
    changes = _attach_stop(locked[case.session_id or 0], target, who, at)
    return settled(case, Resolution.ATTACHED, who, at, changes)


@transaction.atomic
def accept(
    *,
    case_id: int,
    who: Who,
    at: datetime,
    energy_wh: int | None = None,
    started_at: datetime | None = None,
    stopped_at: datetime | None = None,
) -> ReviewCase:
    """Confirm the energy of a session, or correct it and its times: then it may be billed.

    It settles every open case of the session. What is not given stays as it is; the stop of an
    orphan keeps its time, by which its repeats are known. Raises DomainError naming the field
    that is out of bounds.
    """
    case, locked = opened(case_id, "accept", who)
    session = locked[case.session_id or 0]
    before = review.facts(session)
    if session.status == SessionStatus.ORPHANED:
        _check_orphan(energy_wh, stopped_at)
        session.card = session.card or cards.find(session.id_tag)
    _end_at(session, stopped_at)
    session.started_at = started_at or session.started_at
    session.energy_wh = session.energy_wh if energy_wh is None else energy_wh
    _check_bounds(session, at)
    session.billable = True
    return _conclude(case, session, before, Resolution.ENERGY_ACCEPTED, who, at)


@transaction.atomic
def discard(*, case_id: int, who: Who, at: datetime) -> ReviewCase:
    """Nothing comes of it. A session stays readable and is not billable.

    A stop after the end is put aside, and the session stays as it was settled.
    """
    case, locked = opened(case_id, "discard", who)
    session = locked.get(case.session_id or 0)
    if session is None:
        return settled(case, Resolution.DISCARDED, who, at, {})
    before = review.facts(session)
    if case.kind == ReviewKind.SECOND_STOP:
        review.unflag(session, [case.reason])
        session.save(update_fields=["needs_review", "review_reasons"])
        return settled(case, Resolution.DISCARDED, who, at, _change(session, before))
    _end_at(session, None)
    session.billable = False
    return _conclude(case, session, before, Resolution.DISCARDED, who, at)


@transaction.atomic
def acknowledge(*, case_id: int, who: Who, at: datetime) -> ReviewCase:
    """Somebody looked at a security event and says what came of it."""
    case, _ = opened(case_id, "acknowledge", who)
    return settled(case, Resolution.ACKNOWLEDGED, who, at, {})


@transaction.atomic
def end(*, case_id: int, who: Who, at: datetime, stopped_at: datetime | None = None) -> ReviewCase:
    """End a session under way at a station that is away: its card may charge elsewhere again.

    The session waits as one without a stop: the real one still completes it, or an operator
    accepts its energy.
    """
    case, locked = opened(case_id, "end", who)
    session = locked[case.session_id or 0]
    endings.mind_readings(session.pk)
    before = review.facts(session)
    _end_at(session, stopped_at)
    _check_bounds(session, at)
    session.status = SessionStatus.INFERRED
    review.unflag(session, [case.reason])
    review.flag(session, "NoStop")
    session.save()
    assignments.session_over(session=session, at=at)
    settled(case, Resolution.ENDED_BY_OPERATOR, who, at, _change(session, before))
    review.follow(session=session, before=review.facts(session), at=at)
    return case


def opened(
    case_id: int, way: str, who: Who, *others: int
) -> tuple[ReviewCase, dict[int, ChargingSession]]:
    """The open case, locked, and the sessions it is about, locked before it."""
    if not who.why.strip():
        raise DomainError.of_field("why", "should say why, for who looks at it later")
    about = ReviewCase.objects.filter(pk=case_id)
    found, station_id = about.values_list("session_id", "station_id").first() or (None, None)
    if station_id is not None:
        filing.hold(station_id)
    wanted = {pk for pk in (found, *others) if pk}
    own = ChargingSession.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    locked = {session.pk: session for session in own.order_by("pk")}
    by_now.catch_up(locked.values())
    case = ReviewCase.objects.select_for_update(no_key=True).filter(pk=case_id).first()
    if case is None:
        raise NotFound("Review case not found")
    if not case.is_open:
        raise _settled_already(case)
    if way not in case.ways:
        raise Conflict(
            "A case of the kind %(kind)s is settled by %(ways)s",
            kind=ReviewKind(case.kind),
            ways=", ".join(case.ways),
        )
    return case, locked


def _settled_already(case: ReviewCase) -> Conflict:
    assert case.settled_at is not None
    at, how = clock.text(case.settled_at), Resolution(case.resolution)
    if not case.settled_by_name:
        return Conflict("It settled itself already, at %(at)s: %(how)s", at=at, how=how)
    return Conflict(
        "%(name)s settled it already, at %(at)s: %(how)s", name=case.settled_by_name, at=at, how=how
    )


def _attach_stop(
    orphan: ChargingSession, target: ChargingSession, who: Who, at: datetime
) -> dict[str, Any]:
    if target.status not in OPEN_ENDED:
        raise Conflict("Session %(target)s has its stop already", target=target.pk)
    if _had_a_successor(target, orphan.stopped_at):
        raise DomainError.of_field(
            "sessionId", "another session had begun on its connector before this stop"
        )
    was, orphan_was = review.facts(target), review.facts(orphan)
    waiting = review.open_cases(target).filter(reason__in=endings.BY_A_STOP)
    cases = list(waiting.values_list("pk", flat=True))
    review.close(waiting, Resolution.ATTACHED, why=who.why, by=who.by, at=at)
    endings.complete(session=target, stop=endings.stop_of(orphan), at=at)
    target.stop_received_at = orphan.stop_received_at
    target.save(update_fields=["stop_received_at"])
    _move_readings(orphan, target)
    orphan.billable = False
    review.unflag(orphan, orphan.review_reasons)
    orphan.save(update_fields=["billable", "needs_review", "review_reasons"])
    changes = {**_change(orphan, orphan_was), **_change(target, was)}
    ReviewCase.objects.filter(pk__in=cases).update(changes=changes)
    return changes


def _had_a_successor(session: ChargingSession, moment: datetime | None) -> bool:
    """Whether what was metered up to then belongs to a later session."""
    later = ChargingSession.objects.filter(
        connector=session.connector_id,
        started_at__gt=session.started_at,
        started_at__lt=moment,
    )
    return session.connector_id is not None and later.exists()


def _move_readings(orphan: ChargingSession, target: ChargingSession) -> None:
    """All but those the target has already: sent before the stop, and again with it."""
    same = {"sampled_at": OuterRef("sampled_at"), "fingerprint": OuterRef("fingerprint")}
    has = MeterValue.objects.filter(session=target, **same)
    MeterValue.objects.filter(~Exists(has), session=orphan).update(session=target)


def _end_at(session: ChargingSession, stopped_at: datetime | None) -> None:
    """A session that is open ends when it was last heard of, unless somebody knows better."""
    if session.status == SessionStatus.ACTIVE and session.station.online:
        raise Conflict(
            "Session %(session)s is under way and its station is there: stop it first",
            session=session.pk,
        )
    if session.status in OPEN_ENDED:
        heard = [at for at in (session.last_reading_at, session.started_at) if at]
        session.stopped_at = session.stopped_at or max(heard, default=None)
        if session.meter_stop_wh is None:
            session.meter_stop_wh = session.last_register_wh
        session.status = SessionStatus.COMPLETED
        session.power_w = None
    session.stopped_at = stopped_at or session.stopped_at


def _check_orphan(energy_wh: int | None, stopped_at: datetime | None) -> None:
    if energy_wh is None:
        raise DomainError.of_field("energyWh", "is needed: nobody knows where this session began")
    if stopped_at is not None:
        raise DomainError.of_field("stoppedAt", "stays: the station's own stop says it")


def _check_bounds(session: ChargingSession, at: datetime) -> None:
    if not 0 <= session.energy_wh <= endings.MOST_ENERGY_WH:
        raise DomainError.of_field(
            "energyWh", "should be from 0 to %(most)s Wh", most=endings.MOST_ENERGY_WH
        )
    if session.stopped_at is None or session.stopped_at > at + _AHEAD:
        raise DomainError.of_field("stoppedAt", "should be a time that has passed")
    if session.started_at is not None and session.started_at > session.stopped_at:
        raise DomainError.of_field("startedAt", "should be before the end of the session")


def _conclude(
    case: ReviewCase,
    session: ChargingSession,
    before: dict[str, Any],
    resolution: Resolution,
    who: Who,
    at: datetime,
) -> ReviewCase:
    """Store what was decided about the whole session, and settle all its cases with it."""
    review.unflag(session, session.review_reasons)
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError:
        raise DomainError.of_field("startedAt", "another session of this card began then") from None
    review.tell(session=session, before=before, at=at)
    changes = _change(session, before)
    rest = review.open_cases(session).exclude(pk=case.pk)
    review.close(rest, resolution, why=who.why, by=who.by, at=at, changes=changes)
    return settled(case, resolution, who, at, changes)


def _change(session: ChargingSession, before: dict[str, Any]) -> dict[str, Any]:
    return {str(session): review.difference(before, review.facts(session))}


def settled(
    case: ReviewCase, resolution: Resolution, who: Who, at: datetime, changes: dict[str, Any]
) -> ReviewCase:
    case.state, case.resolution = ReviewState.SETTLED, resolution
    case.settled_by, case.settled_by_name = who.by, who.by.get_username()
    case.settled_at, case.why, case.changes = at, who.why.strip()[:_WHY], changes
    case.save()
    return case
