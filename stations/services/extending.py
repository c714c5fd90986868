"""Extending: a reservation that is held is kept for longer, where its station says so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cms.shared import clock
from cms.shared.errors import Conflict, DomainError
from stations import events
from stations.models import Command, Reservation, ReservationStatus
from stations.services import commands, reservations
from stations.services.assignments import Asker

_HELD, _EXPIRED = ReservationStatus.ACCEPTED, ReservationStatus.EXPIRED


def extend(*, reservation: Reservation, expires_at: datetime, asker: Asker) -> Command:
    """Ask the station to keep the connector until ``expires_at``; its answer moves the row's end.

    A ReserveNow with the number a station knows replaces what it holds (OCPP 1.6 section 5.13);
    where it refuses, what it holds stays. A repeated ``idempotency_key`` gives the command it made
    the first time. Raises Conflict where it is not held by a number of ours, DomainError for a
    time that is over, StationOffline.
    """
    known = commands.repeated(asker.idempotency_key)
    if known is not None:
        return known
    if expires_at <= asker.at:
        raise DomainError(
            "A reservation ends in the future", fields={"expiryDate": ["must be in the future"]}
        )
    is_held = reservation.status == _HELD and reservation.expires_at > asker.at
    if not is_held or reservation.reported_reservation_id is not None:
        raise Conflict("Reservation %(reservation)s is not held", reservation=reservation.pk)
    return commands.request(
        station=reservation.station,
        action="ReserveNow",
        payload=reservations.payload_of(reservation, expires_at),
        **asker._asdict(),
    )


@transaction.atomic
def answered(*, command: Command, status: str, at: datetime) -> None:
    """The station answered a ReserveNow: the first of its reservation, or one that extends it.

    One that was cancelled or used before the answer is over: the station holds it anew, for
    nobody, and is asked to give it back.
    """
    number, station_id = command.payload["reservationId"], command.station_id
    row = (
        Reservation.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=number, station_id=station_id)
        .exclude(command=command)
        .first()
    )
    if row is None:
        reservations.answered(station_id=station_id, reservation_id=number, status=status, at=at)
    elif status == _HELD and row.status in (_HELD, _EXPIRED):
        _extended(row, clock.parse(command.payload["expiryDate"]), at)
    elif status == _HELD:
        reservations.give_back(row, at)


def _extended(row: Reservation, expires_at: datetime, at: datetime) -> None:
    """It is held for longer, or again: its old end may have come meanwhile."""
    row.expires_at = expires_at
    row.save(update_fields=["expires_at"])
    if row.status == _EXPIRED:
        reservations.hold_after_all(row, at)
    else:
        events.reservation_changed(row.pk, row.status)
