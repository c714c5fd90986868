"""Reservations: a connector kept for one card; asked, held, used, cancelled or expired."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cms.shared import clock
from cms.shared.errors import Conflict, DomainError
from stations import events
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    Reservation,
    ReservationStatus,
)
from stations.models.reservations import HOLDING
from stations.services import commands, configuration


@transaction.atomic
def reserve(
    *,
    station: ChargingStation,
    connector_id: int,
    id_tag: str,
    expires_at: datetime,
    at: datetime,
    parent_id_tag: str = "",
    requested_by_id: int | None = None,
    idempotency_key: str | None = None,
) -> Reservation:
    """Ask the station to keep a connector (0: any) for ``id_tag``; gives the row, its command set.

    A repeated ``idempotency_key`` gives the reservation it made the first time. Raises Conflict
    where somebody holds the connector, DomainError for a time that is over or a station that does
    not reserve connector 0 (ReserveConnectorZeroSupported, OCPP 1.6 section 9.3), StationOffline.
    """
    if expires_at <= at:
        raise DomainError(
            "A reservation ends in the future", fields={"expiryDate": ["must be in the future"]}
        )
    _check_zero(station, connector_id)
    connector = Connector.objects.locked(station_id=station.pk, connector_id=connector_id)
    known = _repeated(idempotency_key)  # after the lock: of two at once the second one finds it
    if known is not None:
        return known
    _expire(Reservation.objects.filter(connector=connector), at)  # else it would still be held
    reservation = _hold(connector, id_tag, parent_id_tag, expires_at, at, requested_by_id)
    reservation.command = commands.request(
        station=station,
        action="ReserveNow",
        payload=payload_of(reservation, expires_at),
        at=at,
        requested_by_id=requested_by_id,
        idempotency_key=idempotency_key,
    )
    reservation.save(update_fields=["command"])
    return reservation


def cancel(
    *,
    reservation: Reservation,
    at: datetime,
    requested_by_id: int | None = None,
    idempotency_key: str | None = None,
) -> Command:
    """Ask the station to give the connector free again; its answer ends the reservation.

    It is named by the number the station knows it by. A repeated ``idempotency_key`` gives the
    command it made the first time. Raises Conflict where it is over already, StationOffline.
    """
    known = commands.repeated(idempotency_key)
    if known is None and reservation.status not in HOLDING:
        raise Conflict(
            "Reservation %(reservation)s is %(status)s already",
            reservation=reservation.pk,
            status=ReservationStatus(reservation.status),
        )
    return known or commands.request(
        station=reservation.station,
        action="CancelReservation",
        payload={"reservationId": reservation.number},
        at=at,
        requested_by_id=requested_by_id,
        idempotency_key=idempotency_key,
    )


@transaction.atomic
def answered(*, station_id: int, reservation_id: int, status: str, at: datetime) -> None:
    """The station answered ReserveNow: it is held, or refused in OCPP's own word.

    An acceptance that comes after we gave up waiting is the truth all the same: the reservation
    is held after all or, where somebody else has the connector by now, given back.
    """
    reservation = (
        Reservation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("station")
        .filter(pk=reservation_id, station_id=station_id)
        .first()
    )
    if reservation is None:
        return
    accepted = status == ReservationStatus.ACCEPTED
    if reservation.status == ReservationStatus.REQUESTED:
        _become(reservation, status, None if accepted else at)
    elif accepted and reservation.status == ReservationStatus.FAILED:
        hold_after_all(reservation, at)


def cancelled(
    *, station_id: int, reservation_id: int, at: datetime, status: str = "Accepted"
) -> None:
    """The station answered CancelReservation. One it does not know (``status`` Rejected) is not

    held there, so it is over as well.
    """
    reason = "" if status == "Accepted" else "the station knew no such reservation"
    _end(_numbered(station_id, reservation_id), ReservationStatus.CANCELLED, at, reason)


@transaction.atomic
def record_own(
    *,
    station_id: int,
    connector_id: int,
    id_tag: str,
    expires_at: datetime,
    number: int,
    at: datetime,
) -> ReservationStatus:
    """A station made a reservation itself (the prior gateway's README): keep it, or say why not."""
    connector = Connector.objects.filter(station_id=station_id, connector_id=connector_id).first()
    if connector is None:
        return ReservationStatus.UNAVAILABLE
    if connector.status in ("Faulted", "Unavailable"):
        return ReservationStatus(connector.status)
    if connector.status not in ("Available", "Reserved", "Unknown"):
        return ReservationStatus.OCCUPIED
    try:
        reservation = _hold(connector, id_tag, "", expires_at, at, None)
    except Conflict:
        return ReservationStatus.OCCUPIED
    reservation.status = ReservationStatus.ACCEPTED
    reservation.reported_reservation_id = number
    reservation.save(update_fields=["status", "reported_reservation_id"])
    return ReservationStatus.ACCEPTED


def cancel_own(*, station_id: int, number: int, at: datetime) -> bool:
    """A station gave up a reservation by the number it knows: of its own, else one of ours."""
    return bool(_end(_numbered(station_id, number), ReservationStatus.CANCELLED, at))


def cancel_by_fault(*, connector: Connector, status: str, at: datetime) -> None:
    """A connector that is Faulted or Unavailable keeps nothing (OCPP 1.6 section 5.13)."""
    held = Reservation.objects.filter(station_id=connector.station_id)
    if connector.connector_id:  # number 0 is the whole station
        held = held.filter(connector=connector)
    _end(held, ReservationStatus.CANCELLED, at, f"connector is {status}")


def use(*, reservation: Reservation, session: ChargingSession, at: datetime) -> None:
    """``session`` began on what was reserved for it."""
    reservation.session = session
    reservation.save(update_fields=["session"])
    _become(reservation, ReservationStatus.USED, at)


def expire_due(*, at: datetime) -> int:
    """End what nobody used in time; gives how many. The station ends it itself (section 5.13)."""
    return _expire(Reservation.objects.all(), at)


def payload_of(reservation: Reservation, expires_at: datetime) -> dict[str, Any]:
    """What ReserveNow says of it, held until ``expires_at``."""
    parent = reservation.parent_id_tag
    return {
        "connectorId": reservation.connector.connector_id,
        "expiryDate": clock.text(expires_at),
        "idTag": reservation.id_tag,
        "reservationId": reservation.pk,
        **({"parentIdTag": parent} if parent else {}),
    }


def _expire(reservations: QuerySet[Reservation], at: datetime) -> int:
    return _end(reservations.filter(expires_at__lte=at), ReservationStatus.EXPIRED, at)


@transaction.atomic
def _end(
    reservations: QuerySet[Reservation], status: ReservationStatus, at: datetime, reason: str = ""
) -> int:
    """End those of ``reservations`` that hold a connector; who waits for them is told."""
    held = reservations.filter(status__in=HOLDING).order_by("pk")
    ended = list(held.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    for number in ended:
        events.reservation_changed(number, status)
    return Reservation.objects.filter(pk__in=ended).update(
        status=status, status_reason=reason, ended_at=at
    )


def _become(reservation: Reservation, status: str, ended_at: datetime | None) -> None:
    reservation.status = status
    reservation.ended_at = ended_at
    reservation.save(update_fields=["status", "ended_at"])
    events.reservation_changed(reservation.pk, status)


def hold_after_all(reservation: Reservation, at: datetime) -> None:
    """The station keeps what we gave up: so do we, or it is given back for who has it by now."""
    if reservation.expires_at <= at:  # the station ends it itself
        return
    try:
        with transaction.atomic():
            _become(reservation, ReservationStatus.ACCEPTED, None)
    except IntegrityError:
        give_back(reservation, at)


def give_back(reservation: Reservation, at: datetime) -> None:
    """Ask the station to free what it keeps for nobody any more."""
    with suppress(Conflict):  # where it cannot be asked now, it keeps it until it expires
        commands.request(
            station=reservation.station,
            action="CancelReservation",
            payload={"reservationId": reservation.number},
            at=at,
        )


def _numbered(station_id: int, number: int) -> QuerySet[Reservation]:
    """What the station holds by this number: of its own numbering, else of ours."""
    return by_number(Reservation.objects.filter(station_id=station_id, status__in=HOLDING), number)


def by_number(rows: QuerySet[Reservation], number: int) -> QuerySet[Reservation]:
    """Those of one station's ``rows`` that it knows by ``number``: its own, else one of ours."""
    own = rows.filter(reported_reservation_id=number)
    return own if own.exists() else rows.filter(pk=number, reported_reservation_id=None)


def _check_zero(station: ChargingStation, connector_id: int) -> None:
    told = configuration.value(station_id=station.pk, key="ReserveConnectorZeroSupported")
    if connector_id == 0 and (told or "").lower() == "false":
        raise DomainError(
            "%(station)s reserves only connectors of its own",
            fields={"connectorId": ["the station does not support 0 (any)"]},
            station=station.cp_id,
        )


def _repeated(idempotency_key: str | None) -> Reservation | None:
    command = commands.repeated(idempotency_key)
    if command is None:
        return None
    reservation = Reservation.objects.filter(command=command).first()
    if reservation is None:
        raise Conflict("This Idempotency-Key was used for another command")
    return reservation


def _hold(
    connector: Connector,
    id_tag: str,
    parent_id_tag: str,
    expires_at: datetime,
    at: datetime,
    requested_by_id: int | None,
) -> Reservation:
    try:
        with transaction.atomic():
            made = Reservation.objects.create(
                station_id=connector.station_id,
                connector=connector,
                id_tag=id_tag,
                parent_id_tag=parent_id_tag,
                requested_at=at,
                requested_by_id=requested_by_id,
                expires_at=expires_at,
            )
            events.reservation_made(made.pk)
            return made
    except IntegrityError:
        raise Conflict(
            "Connector %(connector)s is reserved already",
            fields={"connectorId": ["is reserved already"]},
            connector=connector.connector_id,
        ) from None
