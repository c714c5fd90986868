"""Limits: a session asked for by a remote start is stopped when it took as much as it may.

``enforce`` runs every five seconds, apart from the hot path: a limit is seen five seconds at most
after the reading that shows it is stored (how often a station sends one is its own setting), one
of time five seconds after its minute. Then the station is asked to stop, as anybody would ask it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from cms.shared.errors import DomainError
from stations import by_now, events, hooks
from stations.models import ChargingProfile, ChargingStation, Command, CommandStatus
from stations.models.limits import LimitKind, LimitState, SessionLimit
from stations.services import assignments, commands, effects
from stations.services.assignments import Asker

_BATCH = 200
_LONGEST_WAIT = timedelta(hours=1)  # for the session, after the remote start
_AGAIN_AFTER = timedelta(seconds=60)  # a station that did not stop is asked again
_MOST_TIMES = 10


class Limit(NamedTuple):
    """How much a session may take; None: as much as it likes."""

    energy_wh: int | None = None
    minutes: int | None = None
    amount: Decimal | None = None


@transaction.atomic
def start(
    *,
    station: ChargingStation,
    payload: dict[str, Any],
    asker: Asker,
    profile: ChargingProfile | None = None,
    limit: Limit | None = None,
) -> Command:
    """Ask for a session as ``assignments.remote_start`` does, and keep how much it may take.

    Raises what that raises, and DomainError for a limit that is not above zero.
    """
    if limit is not None:
        _check(limit)
    command = assignments.remote_start(
        station=station, payload=payload, asker=asker, profile=profile
    )
    if limit is not None and any(limit):
        SessionLimit.objects.get_or_create(command=command, defaults=limit._asdict())
    return command


def enforce(*, at: datetime) -> int:
    """Look at every limit that is not over; gives how many stations were asked to stop."""
    asked, last = 0, 0
    while True:
        with transaction.atomic():
            rows = _open_after(last)
            asked += sum(_followed(rows, at))
        if len(rows) < _BATCH:
            return asked
        last = rows[-1].pk


def _check(limit: Limit) -> None:
    for name, value in limit._asdict().items():
        if value is not None and value <= 0:
            raise DomainError.of_field(name, "should be above zero")


def _open_after(last: int) -> list[SessionLimit]:
    rows = SessionLimit.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "command__station", "session__station"
    )
    return list(rows.filter(pk__gt=last).exclude(state=LimitState.OVER).order_by("pk")[:_BATCH])


def _followed(rows: Sequence[SessionLimit], at: datetime) -> Iterator[bool]:
    """Take each of ``rows`` a step further; whether its station was asked to stop."""
    for row in rows:
        if row.session is None:
            _find_session(row, at)
    counting = [row for row in rows if row.session is not None]
    by_now.catch_up([row.session for row in counting if row.session and row.energy_wh is not None])
    priced = [row.session_id for row in counting if row.amount is not None]
    costs = hooks.costs([number for number in priced if number], at) if priced else {}
    for row in counting:
        cost = costs.get(row.session_id or 0)
        yield _counted(row, cost.amount if cost else None, at)


def _find_session(row: SessionLimit, at: datetime) -> None:
    command = row.command
    session = effects.started_by(command) if command.sent_at else None
    refused = command.status == CommandStatus.ANSWERED and command.answer_status != "Accepted"
    never = command.status in (CommandStatus.FAILED, CommandStatus.EXPIRED) or refused
    if session is not None and not SessionLimit.objects.filter(session=session).exists():
        row.session, row.state = session, LimitState.COUNTING
        row.save(update_fields=["session", "state"])
        events.session_changed(session.pk, session.station_id)
    elif never or at - command.requested_at > _LONGEST_WAIT:
        row.state = LimitState.OVER
        row.save(update_fields=["state"])


def _counted(row: SessionLimit, cost: Decimal | None, at: datetime) -> bool:
    session = row.session
    assert session is not None
    if not session.is_open:
        row.state = LimitState.OVER
        row.save(update_fields=["state"])
        return False
    if not row.reached:
        reached = _reached(row, cost, at)
        if reached is None:
            return False
        row.reached, row.reached_at, row.state = reached, at, LimitState.REACHED
        row.save(update_fields=["reached", "reached_at", "state"])
        events.session_changed(session.pk, session.station_id)
    return _ask_to_stop(row, at)


def _reached(row: SessionLimit, cost: Decimal | None, at: datetime) -> LimitKind | None:
    session = row.session
    assert session is not None
    if row.energy_wh is not None and session.energy_wh >= row.energy_wh:
        return LimitKind.ENERGY
    since = at - session.started_at if session.started_at else timedelta()
    if row.minutes is not None and since >= timedelta(minutes=row.minutes):
        return LimitKind.TIME
    if row.amount is not None and cost is not None and cost >= row.amount:
        return LimitKind.COST
    return None


def _ask_to_stop(row: SessionLimit, at: datetime) -> bool:
    """At once, then every minute while it does not stop; one that is away when it is back."""
    assert row.session is not None
    lately = row.stop_asked_at is not None and at - row.stop_asked_at < _AGAIN_AFTER
    if lately or row.times_asked >= _MOST_TIMES:
        return False
    try:
        commands.request(
            station=row.session.station,
            action="RemoteStopTransaction",
            payload={"transactionId": row.session.pk},
            at=at,
            idempotency_key=f"limit/{row.pk}/{row.times_asked}",
        )
    except DomainError:  # away: asked when it is back
        return False
    row.stop_asked_at, row.times_asked = at, row.times_asked + 1
    row.save(update_fields=["stop_asked_at", "times_asked"])
    return True
