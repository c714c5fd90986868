"""Pairing: whose a stop is that names no session (-1, 0), as after a start without connection.

It follows from what is known and not from what came first, so it is worked out again whenever a
start, a stop or an Available arrives, and a stop may move on: an orphan becomes a session's stop,
or another session's. Only the start that came last before the stop on each connector may have it,
so the looks are few and short. Who pairs holds the station's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from stations.models import (
    ChargingSession,
    Connector,
    Resolution,
    ReviewCase,
    ReviewState,
    SessionStatus,
)
from stations.models.sessions import OPEN_ENDED
from stations.services import endings, filing
from stations.services.endings import Stop

_ANY_NAMELESS = """
SELECT 1 FROM stations_chargingsession
WHERE station_id = %s AND stopped_at >= %s AND reported_transaction_id <= 0 LIMIT 1
"""
_MOST = 50  # later stops looked at again when something arrives late


class Key(NamedTuple):
    """What makes two messages one stop, and which of two came first."""

    stopped_at: datetime
    meter_stop_wh: int


class Begun(NamedTuple):
    """A session that may have been under way at a moment, and what ended it so far."""

    session_id: int
    id_tag: str
    meter_start_wh: int
    is_free: bool  # no stop ended it, or one that named no session either
    ended_by: Key | None = None
    stop_tag: str = ""
    was_released: bool = False  # its connector said that it was Available since


def owner(stop: Stop, begun: Sequence[Begun]) -> int | None:
    """Which of ``begun``, the last on each connector, this stop ended; None where that is open.

    The one whose own stop says the same; else the only one it can be: the same card where one is
    named, a register that fits, not stopped otherwise or before.
    """
    same = [one for one in begun if not one.is_free and _says_the_same(stop, one)]
    if same:
        return same[0].session_id if len(same) == 1 else None
    fitting = [one for one in begun if _fits(stop, one)]
    if len(fitting) > 1:
        fitting = [one for one in fitting if not one.was_released]
    return fitting[0].session_id if len(fitting) == 1 and fitting[0].is_free else None


def _says_the_same(stop: Stop, one: Begun) -> bool:
    tags = {tag.casefold() for tag in (stop.id_tag, one.stop_tag) if tag}
    return one.ended_by == _key(stop) and len(tags) < 2


def _fits(stop: Stop, one: Begun) -> bool:
    """Of two stops that fit one session the earlier one has it. Without a card nobody can tell

    which one it was where another session was under way, too, however that ended.
    """
    if stop.id_tag and (stop.id_tag.casefold() != one.id_tag.casefold() or not one.is_free):
        return False
    until_then = one.ended_by is None or _key(stop) <= one.ended_by
    return until_then and one.meter_start_wh <= stop.meter_stop_wh


def _key(stop: Stop) -> Key:
    return Key(stop.stopped_at, stop.meter_stop_wh)


def holder(*, station_id: int, stop: Stop) -> ChargingSession | None:
    """What an earlier copy of this stop ended, or the orphan it left."""
    own = ChargingSession.objects.select_for_update(no_key=True).filter(
        station_id=station_id,
        reported_transaction_id__lte=0,
        meter_stop_wh=stop.meter_stop_wh,
        status__in=(SessionStatus.COMPLETED, SessionStatus.ORPHANED),
    )
    told = own.filter(reported_transaction_id=stop.transaction_id)
    known = told.filter(stopped_at=stop.stopped_at).first()
    if known is None and stop.stopped_at_raw:  # an operator corrected the time since
        known = told.filter(stopped_at_raw=stop.stopped_at_raw).first()
    same = own.filter(stopped_at=stop.stopped_at, stop_id_tag__iexact=stop.id_tag)
    return known or same.first()


def give(*, station_id: int, stop: Stop, at: datetime) -> ChargingSession:
    """Give a stop nobody has heard of yet to the session it ended; gives that, or an orphan."""
    session = _owner(station_id, stop)
    if session is None:
        return endings.keep_orphan(station_id=station_id, stop=stop, at=at)
    if holds_nameless(session):
        endings.let_go(session=session, at=at)
    if session.status in OPEN_ENDED:
        endings.complete(session=session, stop=stop, at=at)
    return session


def again(*, station_id: int, since: datetime, at: datetime) -> None:
    """Pair the stops from ``since`` on again, earlier ones first: something was learned of then."""
    if not filing.is_any(_ANY_NAMELESS, station_id, since):
        return
    waiting = list(_nameless(station_id, since)[:_MOST])
    moved: dict[int, ChargingSession] = {}
    while waiting:
        row = waiting.pop(0)
        session = _owner(station_id, endings.stop_of(row))
        if session is not None and session.pk == row.pk:
            continue
        if row.status != SessionStatus.ORPHANED:
            moved[row.pk] = row
            row = endings.let_go(session=row, at=at)
        if session is None:
            continue
        if holds_nameless(session):
            displaced = endings.let_go(session=session, at=at)
            waiting = [displaced if one.pk == session.pk else one for one in waiting]
        endings.take(orphan=row, session=session, at=at)
        moved[session.pk] = session
    for session in moved.values():
        filing.refile(session=session, at=at)


def holds_nameless(session: ChargingSession) -> bool:
    """Whether a stop ended it that named no session, and nobody has settled that since."""
    return (
        session.status == SessionStatus.COMPLETED
        and filing.is_nameless(session.reported_transaction_id)
        and _unsettled(ChargingSession.objects.filter(pk=session.pk)).exists()
    )


def _nameless(station_id: int, since: datetime) -> QuerySet[ChargingSession]:
    """Who holds stops that named no session, by the time of the stop."""
    rows = ChargingSession.objects.filter(
        Q(status=SessionStatus.ORPHANED, needs_review=True) | Q(status=SessionStatus.COMPLETED),
        station_id=station_id,
        reported_transaction_id__lte=0,
        stopped_at__gte=since,
    )
    rows = _unsettled(rows).select_related("connector")
    return rows.order_by("stopped_at", "meter_stop_wh", "pk")


def _unsettled(rows: QuerySet[ChargingSession]) -> QuerySet[ChargingSession]:
    """But those an operator decided about: confirmed, discarded, or given an orphan's stop."""
    decided = ReviewCase.objects.filter(session=OuterRef("pk"), state=ReviewState.SETTLED).exclude(
        resolution=Resolution.COMPLETED_BY_ITSELF
    )
    attached = ChargingSession.objects.filter(
        station=OuterRef("station"),
        status=SessionStatus.ORPHANED,
        reported_transaction_id=OuterRef("reported_transaction_id"),
        stopped_at=OuterRef("stopped_at"),
        meter_stop_wh=OuterRef("meter_stop_wh"),
        billable=False,
    )
    return rows.filter(~Exists(decided), ~Exists(attached))


def _owner(station_id: int, stop: Stop) -> ChargingSession | None:
    begun = {session.pk: session for session in _last_begun(station_id, stop.stopped_at)}
    found = owner(stop, [_facts(session, stop, len(begun)) for session in begun.values()])
    return begun[found] if found else None


def _last_begun(station_id: int, moment: datetime) -> QuerySet[ChargingSession]:
    """The session that began last by then on each connector of a station."""
    by_then = ChargingSession.objects.filter(
        connector=OuterRef("pk"), started_at__lte=moment
    ).order_by("-started_at", "-pk")
    connectors: Any = Connector.objects.filter(station_id=station_id).order_by()
    last = connectors.annotate(last=Subquery(by_then.values("pk")[:1])).values("last")
    found = ChargingSession.objects.filter(pk__in=[row["last"] for row in last if row["last"]])
    locked = found.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return locked.select_related("connector")


def _facts(session: ChargingSession, stop: Stop, rivals: int) -> Begun:
    stopped = session.status == SessionStatus.COMPLETED and session.stopped_at
    free = session.status in OPEN_ENDED or holds_nameless(session)
    released = False
    if free and rivals > 1 and session.connector_id and session.started_at:
        released = endings.was_released(
            connector_id=session.connector_id, after=session.started_at, before=stop.stopped_at
        )
    return Begun(
        session.pk,
        session.id_tag,
        session.meter_start_wh or 0,
        free,
        Key(stopped, session.meter_stop_wh or 0) if stopped else None,
        session.stop_id_tag,
        released,
    )
