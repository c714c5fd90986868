"""Endings: how a session stands by what is known: under way, over without a stop, or stopped.

It follows from the facts and not from what came first: its stop, the next start on its connector,
a connector that became Available. A stop that named no session (-1) may be let go again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q

from stations import by_now, events, hooks
from stations.models import (
    ChargingSession,
    Connector,
    ConnectorStatus,
    HappeningKind,
    MeterValue,
    Resolution,
    ReviewCase,
    SessionStatus,
    StatusChange,
)
from stations.readings import Reading
from stations.services import assignments, filing, happenings, review

BY_A_STOP = ("NoStop", "Silent")  # reasons that are gone once the stop is there
MOST_ENERGY_WH = 10_000_000  # of a session: a day at 400 kW; more is a mistyped number or a jump
_AHEAD = timedelta(minutes=5)  # a start said to be so long after it was heard is told by no clock
_BEFORE_ANY_CLOCK = datetime(2010, 1, 1, tzinfo=UTC)  # a start then was told by no clock


class Stop(NamedTuple):
    """What a StopTransaction says; times are the station's, energy in Wh."""

    transaction_id: int
    stopped_at: datetime
    meter_stop_wh: int
    stopped_at_raw: str = ""
    id_tag: str = ""
    reason: str = "Local"  # what an absent reason means, OCPP 1.6 section 6.49
    readings: tuple[Reading, ...] = ()


def stop_of(row: ChargingSession) -> Stop:
    """The stop that an orphan keeps, or that ended a session."""
    assert row.stopped_at is not None
    return Stop(
        transaction_id=row.reported_transaction_id or 0,
        stopped_at=row.stopped_at,
        meter_stop_wh=row.meter_stop_wh or 0,
        stopped_at_raw=row.stopped_at_raw,
        id_tag=row.stop_id_tag,
        reason=row.stop_reason,
    )


def is_over(*, connector: Connector, started_at: datetime, at: datetime) -> bool:
    """Whether a session that began then on ``connector`` must have ended: another one began there

    after it, or nobody was plugged in any more. Of a start whose time no clock told nobody knows.
    """
    if started_at < _BEFORE_ANY_CLOCK:
        return False
    told = Q(start_received_at=None) | Q(started_at__lte=F("start_received_at") + _AHEAD)
    later = ChargingSession.objects.filter(told, connector=connector, started_at__gt=started_at)
    if later.exists():
        return True
    if connector.status_at is not None and connector.status_at <= started_at:
        return False  # the usual case: nothing was heard of it since
    return was_released(connector_id=connector.pk, after=started_at, before=at)


def began_before(session: ChargingSession, moment: datetime) -> bool:
    """Whether ``session`` is older than what happened at ``moment``, and was heard of after it.

    One that is said to have begun long after it was heard of is: its time orders nothing.
    """
    heard, began = session.start_received_at, session.started_at
    if began is None:
        return False
    return began < moment or (heard is not None and began > heard + _AHEAD)


def was_released(*, connector_id: int, after: datetime, before: datetime) -> bool:
    """Whether the connector said that it was Available between these times of its station."""
    changes = StatusChange.objects.filter(connector=connector_id, status=ConnectorStatus.AVAILABLE)
    return changes.filter(reported_at__gt=after, reported_at__lt=before).exists()


def infer(*, session: ChargingSession, at: datetime) -> None:
    """End ``session``, which is under way and whose row the caller holds: no stop came yet.

    It waits for review, and its late StopTransaction still completes it.
    """
    mind_readings(session.pk)
    by_now.catch_up([session])
    before = review.facts(session)
    _be_inferred(session)
    review.unflag(session, ["Silent"])
    session.save()
    review.follow(session=session, before=before, at=at)
    _ended(session, at)
    assignments.session_over(session=session, at=session.stopped_at or at)


def complete(*, session: ChargingSession, stop: Stop, at: datetime) -> None:
    """Give ``session``, whose row the caller holds, its stop."""
    by_now.catch_up([session])
    before = review.facts(session)
    review.unflag(session, BY_A_STOP)
    session.status = SessionStatus.COMPLETED
    session.stopped_at, session.stopped_at_raw = stop.stopped_at, stop.stopped_at_raw
    session.stop_received_at = at
    session.stop_reason, session.stop_id_tag = stop.reason, stop.id_tag
    session.meter_stop_wh = stop.meter_stop_wh
    session.power_w = None
    if stop.transaction_id != session.pk:
        session.reported_transaction_id = stop.transaction_id
    _settle_energy(session)
    session.save()
    review.follow(session=session, before=before, at=at)
    if before["status"] == SessionStatus.INFERRED:  # which was told as its end
        events.session_changed(session.pk, session.station_id)
    else:
        _ended(session, at)
    assignments.session_over(session=session, at=at)


def keep_orphan(*, station_id: int, stop: Stop, at: datetime) -> ChargingSession:
    """Keep a stop of a session nobody knows, for review; a repeated one is counted on its case."""
    orphan, is_new = ChargingSession.objects.get_or_create(
        station_id=station_id,
        status=SessionStatus.ORPHANED,
        reported_transaction_id=stop.transaction_id,
        stopped_at=stop.stopped_at,
        meter_stop_wh=stop.meter_stop_wh,
        defaults={
            "id_tag": stop.id_tag,
            "stop_id_tag": stop.id_tag,
            "stopped_at_raw": stop.stopped_at_raw,
            "stop_received_at": at,
            "stop_reason": stop.reason,
            "needs_review": True,
            "review_reasons": ["NoStart"],
        },
    )
    if is_new:
        hooks.opened(orphan, at)
    review.follow(session=orphan, before={} if is_new else review.facts(orphan), at=at)
    return orphan


def let_go(*, session: ChargingSession, at: datetime) -> ChargingSession:
    """Take the stop that named no session away from ``session``; gives the orphan that keeps it.

    The session stands as if the stop had never come.
    """
    before, heard = review.facts(session), session.stop_received_at
    stop = stop_of(session)
    _forget_stop(session)
    assert session.connector is not None
    assert session.started_at is not None
    rivals = ChargingSession.objects.filter(
        connector=session.connector, status=SessionStatus.ACTIVE
    )
    over = is_over(connector=session.connector, started_at=session.started_at, at=at)
    if over or rivals.exists():
        _be_inferred(session)
    session.save()
    orphan = keep_orphan(station_id=session.station_id, stop=stop, at=at)
    ChargingSession.objects.filter(pk=orphan.pk).update(stop_received_at=heard)
    filing.move_with_stop(giver=session, taker=orphan)
    mind_readings(session.pk)
    filing.show([session.pk])
    session.refresh_from_db()
    review.follow(session=session, before=before, at=at)
    return orphan


def take(*, orphan: ChargingSession, session: ChargingSession, at: datetime) -> None:
    """Give ``session`` the stop an orphan keeps; one that has the same stop under its own number

    only gets what came with it. The orphan goes; its case stays, with the session.
    """
    before = review.facts(session)
    filing.move_with_stop(giver=orphan, taker=session)
    if session.status != SessionStatus.COMPLETED:
        complete(session=session, stop=stop_of(orphan), at=orphan.stop_received_at or at)
    changes = {str(session): review.difference(before, review.facts(session))}
    why = "The session it ended is known now."
    review.close(
        review.open_cases(orphan),
        Resolution.COMPLETED_BY_ITSELF,
        why=why,
        at=at,
        changes=changes,
    )
    ReviewCase.objects.filter(session=orphan).update(session=session)
    orphan.delete()


def mind_readings(session_id: int) -> None:
    """What is stored from now until the commit counts, too: for who ends a session without a stop.

    They hold its row, and readings do not wait for it: those are shown once it is free.
    """
    known = MeterValue.objects.filter(session=session_id).count()
    transaction.on_commit(partial(_show_more, session_id, known), robust=True)


def _show_more(session_id: int, known: int) -> None:
    if MeterValue.objects.filter(session=session_id).count() != known:
        filing.show([session_id])


def _ended(session: ChargingSession, at: datetime) -> None:
    events.session_changed(session.pk, session.station_id)
    happenings.note(
        HappeningKind.SESSION_ENDED,
        station_id=session.station_id,
        at=at,
        number=session.pk,
        detail=session.id_tag,
        outcome=session.stop_reason,
    )


def _be_inferred(session: ChargingSession) -> None:
    began = session.started_at
    ends = [moment for moment in (session.last_reading_at, began) if moment]
    session.status = SessionStatus.INFERRED
    session.stopped_at = max(ends)
    session.meter_stop_wh = session.last_register_wh
    review.flag(session, "NoStop")


def _forget_stop(session: ChargingSession) -> None:
    session.status = SessionStatus.ACTIVE
    session.stopped_at = session.stop_received_at = session.meter_stop_wh = None
    session.stopped_at_raw = session.stop_reason = session.stop_id_tag = ""
    session.reported_transaction_id = None


def _settle_energy(session: ChargingSession) -> None:
    """End register minus start register where that makes sense; else what was metered, flagged."""
    assert session.meter_stop_wh is not None
    energy_wh = session.meter_stop_wh - (session.meter_start_wh or 0)
    if 0 <= energy_wh <= MOST_ENERGY_WH:
        session.energy_wh = energy_wh
    else:
        review.flag(session, "RegisterMismatch")
    if session.started_at and session.stopped_at and session.stopped_at < session.started_at:
        review.flag(session, "ClockSkew")
