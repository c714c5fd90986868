"""Effects: an accepted remote start or stop is followed until its session begins or ends.

Stations accept and then do nothing (no cable, a lost card, broken firmware). After its time the
command says so to whoever asked for it, and the review queue to the operators: one case for a
station, which completes by itself with the next one that works.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from stations import events
from stations.models import (
    ChargingSession,
    Command,
    CommandEffect,
    EffectState,
    Resolution,
    ReviewCase,
    ReviewKind,
    SessionStatus,
)
from stations.services import assignments, configuration, review
from stations.services.review import Sighting

_PATIENCE_S = 120  # where the station does not tell how long it waits for the cable
_LONGEST_S = 3600
_MARGIN = timedelta(seconds=30)
_LATE = timedelta(minutes=15)  # what comes within it still counts
_MOST = 500  # looked at in one go
_ITSELF = "A later command of the same kind worked."


@transaction.atomic
def remote_start_answered(*, command: Command, status: str, at: datetime) -> None:
    """The station answered RemoteStartTransaction (OCPP 1.6 section 5.11), perhaps late."""
    assignments.answered(command_id=command.pk, status=status, at=at)
    if status == "Accepted":
        # It waits for the cable as long as ConnectionTimeOut says (section 9.1.4).
        told = configuration.value(station_id=command.station_id, key="ConnectionTimeOut")
        said = configuration.number(told, digits=5)
        seconds = _PATIENCE_S if said is None else said
        _expect(command, at + timedelta(seconds=min(seconds, _LONGEST_S)) + _MARGIN)


@transaction.atomic
def remote_stop_answered(*, command: Command, status: str, at: datetime) -> None:
    """The station answered RemoteStopTransaction (section 5.12)."""
    if status == "Accepted":
        _expect(command, at + timedelta(seconds=_PATIENCE_S))


@transaction.atomic
def follow(*, at: datetime) -> int:
    """Look for the effects that are awaited, and for those that may still come late.

    Gives how many were settled: seen, or given up.
    """
    awaited = Q(state=EffectState.AWAITED)
    late = Q(state=EffectState.MISSING, expected_before__gt=at - _LATE)
    rows = (
        CommandEffect.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("command__station")
        .filter(awaited | late)
        .order_by("expected_before")
    )
    return sum(_settled(row, at) for row in rows[:_MOST])


def _expect(command: Command, before: datetime) -> None:
    CommandEffect.objects.get_or_create(command=command, defaults={"expected_before": before})


def _settled(row: CommandEffect, at: datetime) -> bool:
    session = _SEEN[row.command.action](row.command)
    if session is not None:
        _close(row, EffectState.SEEN, at, session)
        cases = ReviewCase.objects.filter(kind=ReviewKind.NO_EFFECT, subject=_subject(row.command))
        review.close(cases, Resolution.COMPLETED_BY_ITSELF, why=_ITSELF, at=at)
        return True
    if row.state == EffectState.MISSING or row.expected_before > at:
        return False
    _close(row, EffectState.MISSING, at)
    review.notice(_sighting(row.command), at=at)
    return True


def _close(
    row: CommandEffect, state: EffectState, at: datetime, session: ChargingSession | None = None
) -> None:
    row.state, row.settled_at, row.session = state, at, session
    row.save(update_fields=["state", "settled_at", "session"])
    events.command_followed(row.command_id, state)


def started_by(command: Command) -> ChargingSession | None:
    """The session a remote start that was sent led to: by card, and by connector where named."""
    number = command.payload.get("connectorId")
    at_connector = Q() if number is None else Q(connector__connector_id=number)
    return (
        ChargingSession.objects.filter(
            at_connector,
            station_id=command.station_id,
            id_tag__iexact=str(command.payload.get("idTag", "")),
            start_received_at__gte=command.sent_at,
        )
        .order_by("pk")
        .first()
    )


def _stopped(command: Command) -> ChargingSession | None:
    return (
        ChargingSession.objects.filter(
            pk=command.payload.get("transactionId"), station_id=command.station_id
        )
        .exclude(status=SessionStatus.ACTIVE)
        .first()
    )


_SEEN: dict[str, Callable[[Command], ChargingSession | None]] = {
    "RemoteStartTransaction": started_by,
    "RemoteStopTransaction": _stopped,
}


def _subject(command: Command) -> str:
    return f"{command.station_id}/{command.action}"


def _sighting(command: Command) -> Sighting:
    return Sighting(
        ReviewKind.NO_EFFECT,
        _subject(command),
        f"{command.action} was accepted, and nothing followed",
        command.station_id,
        id_tag=str(command.payload.get("idTag", ""))[:255],
        evidence={"command": command.pk, "payload": configuration.masked(command.payload)},
    )
