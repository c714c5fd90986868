"""Filing: readings under -1 or 0 go to the session that ran on their connector at their time.

Whose they are follows from what is known and not from what came first: whenever a start, a stop or
such a reading arrives, those it may concern are looked at again. Readings that came with a stop
go where the stop goes (services/pairing.py). Who files holds the station's row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from stations import by_now
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    MeterValue,
    Resolution,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.models.sessions import OPEN_ENDED
from stations.readings import Reading, fingerprint
from stations.services import review

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# Asked of every start and stop, and answered no for all stations but the broken ones: as text,
# because Django takes longer to write the whole question than the database to answer this one.
_ANY_NAMELESS = """
SELECT 1 FROM stations_metervalue
WHERE connector_id = %s AND sampled_at >= %s AND reported_transaction_id <= 0 LIMIT 1
"""


def is_nameless(number: int | None) -> bool:
    """Whether a transaction id is none: what stations send that never learned theirs."""
    return number is not None and number <= 0


def is_any(statement: str, key: int, since: datetime) -> bool:
    """Whether ``statement`` finds a row for these two values."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [key, connection.ops.adapt_datetimefield_value(since)])
        return cursor.fetchone() is not None


def hold(station_id: int) -> None:
    """One after the other at one station: what is filed and paired here depends on all of it."""
    ChargingStation.objects.select_for_update(no_key=True).filter(pk=station_id).exists()


@transaction.atomic
def file(*, readings: Iterable[Reading], at: datetime) -> None:
    """Find the sessions of ``readings`` that name none and are stored already."""
    spans: dict[tuple[int, int], list[datetime]] = {}
    for reading in readings:
        spans.setdefault((reading.station_id, reading.connector_id), []).append(reading.sampled_at)
    for (station_id, number), moments in sorted(spans.items()):
        hold(station_id)
        where = {"connector__station_id": station_id, "connector__connector_id": number}
        within = (min(moments), max(moments))
        _file(_nameless().filter(session=None, sampled_at__range=within, **where), at)


def refile(*, session: ChargingSession, at: datetime) -> None:
    """Its start or its stop came, or went: look again at what was sampled from its start on, up

    to the next one on its connector.
    """
    if session.connector_id is None or session.started_at is None:
        return
    if not is_any(_ANY_NAMELESS, session.connector_id, session.started_at):
        return
    later = ChargingSession.objects.filter(
        connector=session.connector_id, started_at__gt=session.started_at
    )
    next_at = later.order_by("started_at").values("started_at")[:1]
    _file(
        _nameless().filter(
            connector=session.connector_id,
            sampled_at__gte=session.started_at,
            sampled_at__lt=Coalesce(Subquery(next_at), _NEVER),
        ),
        at,
    )


def keep_with_stop(*, holder: ChargingSession, readings: Sequence[Reading], at: datetime) -> None:
    """Store what came with a stop that named no session with who holds the stop."""
    connector = _place(holder)
    rows = [_row(reading, connector, at) for reading in readings]
    fresh = _unknown(rows, holder)
    for row in fresh:
        row.session = holder
    MeterValue.objects.bulk_create(fresh, ignore_conflicts=True)


def move_with_stop(*, giver: ChargingSession, taker: ChargingSession) -> None:
    """The stop moves on: what came with it goes along, but what the taker has already."""
    rows = list(MeterValue.objects.filter(session=giver, with_stop=True).order_by("pk"))
    if not rows:
        return
    connector = _place(taker)
    for row in rows:
        row.connector = connector
    _move(rows, taker)


@transaction.atomic
def show(session_ids: Iterable[int]) -> None:
    """Those of these sessions that have no stop show the newest value of each kind they have."""
    known = ChargingSession.objects.filter(pk__in=set(session_ids), status__in=OPEN_ENDED)
    locked = known.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)
    # Two statements: what is read while one waits for a lock would be older than the row.
    for session in ChargingSession.objects.filter(pk__in=list(locked)).annotate(
        **by_now.newest(), was_said=_was_said()
    ):
        found: Any = session
        session.last_reading_at, session.last_register_wh = found.newest_at, found.newest_register
        session.power_w, session.soc_percent = found.newest_power, found.newest_soc
        session.energy_wh = max(0, (found.newest_counted or 0) - (session.meter_start_wh or 0))
        if not session.is_open:
            said = session.stopped_at if found.was_said else None
            ends = (said, session.started_at, found.newest_at)
            session.stopped_at = max(moment for moment in ends if moment)
            session.meter_stop_wh = found.newest_register
        session.save()


def _was_said() -> Exists:
    """Whether somebody said when it ended."""
    return Exists(
        ReviewCase.objects.filter(session=OuterRef("pk"), resolution=Resolution.ENDED_BY_OPERATOR)
    )


def _nameless() -> QuerySet[MeterValue]:
    """What was sent by itself under a number that is none."""
    return MeterValue.objects.filter(reported_transaction_id__lte=0, with_stop=None)


def _file(rows: QuerySet[MeterValue], at: datetime) -> None:
    ran_then = ChargingSession.objects.filter(
        connector=OuterRef("connector"), started_at__lte=OuterRef("sampled_at")
    ).order_by("-started_at", "-pk")
    found: list[Any] = list(rows.order_by("pk").annotate(ran=Subquery(ran_then.values("pk")[:1])))
    ran = ChargingSession.objects.in_bulk({row.ran for row in found if row.ran})
    moves: dict[int | None, list[MeterValue]] = {}
    for row in found:
        owner = _covering(ran.get(row.ran), row.sampled_at)
        if owner != row.session_id:
            moves.setdefault(owner, []).append(row)
    if not moves:
        return
    concerned = {row.session_id for rows in moves.values() for row in rows} | set(moves)
    for owner, moved in moves.items():
        _move(moved, ran[owner] if owner else None)
    show(pk for pk in concerned if pk)
    _close_settled(found, at)


def _covering(session: ChargingSession | None, moment: datetime) -> int | None:
    """The session that began last before ``moment``, unless it had been stopped by then."""
    if session is None:
        return None
    stopped = session.status == SessionStatus.COMPLETED and session.stopped_at
    return None if stopped and stopped < moment else session.pk


def _move(rows: Sequence[MeterValue], owner: ChargingSession | None) -> None:
    """Give ``rows`` to ``owner``; one it has already, under its own number or another, goes."""
    try:
        with transaction.atomic():
            _moved(rows, owner)
    except IntegrityError:  # the same was stored under its own number at this very moment
        _moved(rows, owner)


def _moved(rows: Sequence[MeterValue], owner: ChargingSession | None) -> None:
    fresh = _unknown(rows, owner)
    kept = {row.pk for row in fresh}
    MeterValue.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).delete()
    for row in fresh:
        row.session = owner
    MeterValue.objects.bulk_update(fresh, ["connector", "session", "fingerprint"], batch_size=100)


def _unknown(rows: Sequence[MeterValue], owner: ChargingSession | None) -> list[MeterValue]:
    """Those of ``rows`` that are not stored yet as what they are with ``owner``, marked so."""
    for row in rows:
        is_known = owner is not None and owner.status != SessionStatus.ORPHANED
        number = owner.pk if owner is not None and is_known else row.reported_transaction_id
        row.fingerprint = fingerprint(row.raw, number)
    same = MeterValue.objects.filter(
        connector__in={row.connector_id for row in rows},
        sampled_at__in={row.sampled_at for row in rows},
        fingerprint__in={row.fingerprint for row in rows},
    ).exclude(pk__in=[row.pk for row in rows if row.pk])
    known = {_key(row): row for row in same}
    fresh = {_key(row): row for row in reversed(rows) if _key(row) not in known}
    # What was also sent by itself does not depend on where the stop goes.
    told = [known[_key(row)].pk for row in rows if not row.with_stop and _key(row) in known]
    MeterValue.objects.filter(pk__in=told, with_stop=True).update(with_stop=None)
    return list(reversed(fresh.values()))


def _key(row: MeterValue) -> tuple[int, datetime, int]:
    return row.connector_id, row.sampled_at, row.fingerprint


def _place(holder: ChargingSession) -> Connector:
    """Where the readings of a stop are kept: with its session's, or with the station's own."""
    if holder.connector is not None:
        return holder.connector
    return Connector.objects.get_or_create(station_id=holder.station_id, connector_id=0)[0]


def _row(reading: Reading, connector: Connector, at: datetime) -> MeterValue:
    said = reading._asdict()
    for name in ("station_id", "connector_id", "since_start"):
        del said[name]
    number = said.pop("transaction_id")
    return MeterValue(
        **said,
        connector=connector,
        reported_transaction_id=number,
        received_at=at,
        with_stop=True,
    )


def _close_settled(rows: Iterable[MeterValue], at: datetime) -> None:
    """Cases about readings of no session are over where all of them have theirs now."""
    for connector, number in {(row.connector_id, row.reported_transaction_id) for row in rows}:
        left = Q(connector=connector, reported_transaction_id=number, session=None)
        if not MeterValue.objects.filter(left).exists():
            cases = ReviewCase.objects.filter(
                kind=ReviewKind.UNPLACED_READINGS,
                subject=f"{connector}/{number}",
                state=ReviewState.OPEN,
            )
            why = "Their session is known now."
            review.close(cases, Resolution.COMPLETED_BY_ITSELF, why=why, at=at)
