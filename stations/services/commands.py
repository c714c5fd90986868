"""Commands: a row asks, the consumer that holds the socket claims, sends and settles it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from cms.shared.errors import Conflict, StationOffline
from stations import events
from stations.models import ChargingStation, Command, CommandStatus, HappeningKind, Registration
from stations.services import configuration, credentials, happenings, sealing, unanswered

_NOT_WHILE_PENDING = ("RemoteStartTransaction", "RemoteStopTransaction")
_LATE = timedelta(seconds=10)  # after this the consumer that should have timed it out is gone
# One statement: nearly every look finds nothing, and 5,000 stations look after each answer.
_CLAIM = """
UPDATE stations_command SET status = %(sent)s, message_id = %(message_id)s, sent_at = %(at)s,
    answer_before = %(answer_before)s
WHERE id = (
    SELECT waits.id FROM stations_command AS waits
    WHERE waits.station_id = %(station)s AND waits.status = %(waiting)s
        AND waits.send_before > %(at)s
        AND EXISTS (SELECT 1 FROM stations_chargingstation AS served
            WHERE served.id = %(station)s AND served.connection_id = %(socket)s)
    ORDER BY waits.id LIMIT 1 {locked}
)
RETURNING *
"""


class Outcome(NamedTuple):
    """How a command ended: its final status, and the answer or the error."""

    status: CommandStatus
    answer: dict[str, Any] | None = None
    error_code: str = ""
    error_description: str = ""


def request(
    *,
    station: ChargingStation,
    action: str,
    payload: dict[str, Any],
    at: datetime,
    requested_by_id: int | None = None,
    queue_for: timedelta | None = None,
    idempotency_key: str | None = None,
) -> Command:
    """Ask ``station`` to do ``action`` (an OCPP 1.6 name) with ``payload``; gives the row.

    Raises StationOffline where it is not connected, unless ``queue_for`` says how long the command
    may wait for it, and Conflict where the station is not served (yet). A repeated
    ``idempotency_key`` gives the command it made the first time. A password waits encrypted.
    """
    known = repeated(idempotency_key)
    if known is not None:
        return known
    _check_registration(station, action)
    if queue_for is None and not _is_connected(station):
        raise StationOffline("Charge point %(station)s not connected", station=station.cp_id)
    is_credential = action == "ChangeConfiguration" and credentials.is_one(payload)
    may_be_refused = is_credential or idempotency_key is not None
    try:
        with transaction.atomic(savepoint=may_be_refused):
            command = Command.objects.create(
                station=station,
                action=action,
                payload=sealing.sealed(payload),
                requested_at=at,
                requested_by_id=requested_by_id,
                send_before=at + (queue_for or timedelta(seconds=settings.OCPP_COMMAND_TIMEOUT)),
                idempotency_key=idempotency_key,
            )
            if is_credential:
                credentials.asked(command=command, payload=payload, at=at)
            events.command_waiting(station.pk)
    except IntegrityError:
        if known := repeated(idempotency_key):  # the same key, at the same moment
            return known
        raise
    return command


def repeated(idempotency_key: str | None) -> Command | None:
    """The command that was asked for with this key before."""
    if idempotency_key is None:
        return None
    return Command.objects.filter(idempotency_key=idempotency_key).first()


def claim_next(*, station_id: int, connection_id: str, at: datetime) -> Command | None:
    """The oldest waiting command, now Sent, for the socket that serves the station; or None.

    Claimed before it is sent: so no command ever goes out twice, whatever happens in between.
    """
    skips = connection.features.has_select_for_update_skip_locked
    moment = connection.ops.adapt_datetimefield_value
    found = Command.objects.raw(
        _CLAIM.format(locked="FOR UPDATE SKIP LOCKED" if skips else ""),
        {
            "station": station_id,
            "socket": connection_id,
            "waiting": CommandStatus.WAITING.value,
            "sent": CommandStatus.SENT.value,
            "message_id": str(uuid.uuid4()),
            "at": moment(at),
            "answer_before": moment(at + timedelta(seconds=settings.OCPP_COMMAND_TIMEOUT)),
        },
    )
    claimed = [*found]  # to its end: SQLite commits with the last row
    return claimed[0] if claimed else None


@transaction.atomic(savepoint=False)
def settle(*, command_id: int, outcome: Outcome, at: datetime) -> Command | None:
    """Write down how a sent command ended. None where that was written before (a late answer)."""
    command = (
        Command.objects.select_for_update(no_key=True)
        .filter(pk=command_id, status=CommandStatus.SENT)
        .first()
    )
    if command is not None:
        _close(command, outcome, at)
    return command


@transaction.atomic
def settle_late(*, station_id: int, message_id: str, answer: dict[str, Any]) -> Command | None:
    """Keep an answer that came after its command was given up: the row stays TimedOut, and says so.

    None where the command is not one of those, or had its late answer before.
    """
    command = (
        Command.objects.select_for_update(no_key=True)
        .filter(
            station_id=station_id,
            message_id=message_id,
            status=CommandStatus.TIMED_OUT,
            answer__isnull=True,
        )
        .first()
    )
    if command is not None:
        command.answer = configuration.masked(answer)
        command.error_description = f"answered too late: {answer.get('status', '')}"[:500]
        command.save(update_fields=["answer", "error_description"])
    return command


@transaction.atomic
def expire_due(*, at: datetime) -> int:
    """Close what nobody will: never sent in time, or sent by a process that is gone."""
    expired = Command.objects.select_for_update(skip_locked=True).filter(
        status=CommandStatus.WAITING, send_before__lte=at
    )
    lost = Command.objects.select_for_update(skip_locked=True).filter(
        status=CommandStatus.SENT, answer_before__lt=at - _LATE
    )
    closed = 0
    for commands, status in ((expired, CommandStatus.EXPIRED), (lost, CommandStatus.TIMED_OUT)):
        for command in commands.order_by("id")[:500]:
            _close(command, Outcome(status), at)
            closed += 1
    return closed


def _close(command: Command, outcome: Outcome, at: datetime) -> None:
    command.status = outcome.status
    command.settled_at = at
    command.payload = configuration.masked(command.payload)
    command.answer = configuration.masked(outcome.answer)
    command.answer_status = str((outcome.answer or {}).get("status", ""))[:50]
    command.error_code = outcome.error_code[:50]
    command.error_description = outcome.error_description[:500]
    command.save()
    if outcome.status != CommandStatus.ANSWERED:
        unanswered.follow(command=command, at=at)
    events.command_settled(command.pk, command.station_id)
    if command.requested_by_id is not None:  # what we ask by ourselves is nobody's news
        happenings.note(
            HappeningKind.COMMAND,
            station_id=command.station_id,
            at=at,
            number=command.pk,
            detail=command.action,
            outcome=command.answer_status or command.error_code or command.status,
        )


def _check_registration(station: ChargingStation, action: str) -> None:
    """A rejected station is asked nothing, a pending one to charge nobody (OCPP 1.6, 4.2)."""
    rejected = station.registration == Registration.REJECTED
    pending = station.registration == Registration.PENDING
    if rejected or (pending and action in _NOT_WHILE_PENDING):
        raise Conflict(
            "%(station)s is registered as %(registration)s",
            station=station.cp_id,
            registration=Registration(station.registration),
        )


def _is_connected(station: ChargingStation) -> bool:
    """A socket that fell silent is none: the station would not hear what is sent."""
    connected = ChargingStation.objects.filter(pk=station.pk, online=True)
    return connected.exclude(connection_id="").exists()
