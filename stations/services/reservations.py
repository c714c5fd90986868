"""Reservations: a connector kept for one card; asked, held, used, cancelled or expired."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from cms.shared import clock
from cms.shared.errors import Conflict, DomainError
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    Reservation,
    ReservationStatus,
)
from stations.models.reservations import HOLDING
from stations.services import commands

_CLOCK_TOLERANCE = timedelta(minutes=5)  # a station's clock may be behind ours


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
) -> Reservation:
    """Ask the station to keep a connector (0: any) for ``id_tag``; gives the row, its command set.

    Raises Conflict where somebody holds it, DomainError for a time that is over, StationOffline.
    """
    if expires_at <= at:
        raise DomainError(
            "A reservation ends in the future", fields={"expiryDate": ["must be in the future"]}
        )
    connector = Connector.objects.locked(station_id=station.pk, connector_id=connector_id)
    _expire(Reservation.objects.filter(connector=connector), at)  # else it would still be held
    reservation = _hold(connector, id_tag, parent_id_tag, expires_at, at, requested_by_id)
    payload = {
        "connectorId": connector_id,
        "expiryDate": clock.text(expires_at),
        "idTag": id_tag,
        "reservationId": reservation.pk,
    }
    if parent_id_tag:
        payload["parentIdTag"] = parent_id_tag
    reservation.command = commands.request(
        station=station,
        action="ReserveNow",
        payload=payload,
        at=at,
        requested_by_id=requested_by_id,
    )
    reservation.save(update_fields=["command"])
    return reservation


def cancel(
    *, reservation: Reservation, at: datetime, requested_by_id: int | None = None
) -> Command:
    """Ask the station to give the connector free again; its answer ends the reservation.

    Raises Conflict where it is over already, StationOffline.
    """
    if reservation.status not in HOLDING:
        raise Conflict(f"Reservation {reservation.pk} is {reservation.status} already")
    return commands.request(
        station=reservation.station,
        action="CancelReservation",
        payload={"reservationId": reservation.pk},
        at=at,
        requested_by_id=requested_by_id,
    )


def answered(*, station_id: int, reservation_id: int, status: str, at: datetime) -> None:
    """The station answered ReserveNow: it is held, or refused in OCPP's own word."""
    over = None if status == ReservationStatus.ACCEPTED else at
    Reservation.objects.filter(
        pk=reservation_id, station_id=station_id, status=ReservationStatus.REQUESTED
    ).update(status=status, ended_at=over)


def cancelled(*, station_id: int, reservation_id: int, at: datetime) -> None:
    """The station accepted CancelReservation."""
    Reservation.objects.filter(pk=reservation_id, station_id=station_id, status__in=HOLDING).update(
        status=ReservationStatus.CANCELLED, ended_at=at
    )


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
    held = Reservation.objects.filter(station_id=station_id, status__in=HOLDING)
    over = {"status": ReservationStatus.CANCELLED, "ended_at": at}
    own = held.filter(reported_reservation_id=number)
    return bool(own.update(**over) or held.filter(pk=number).update(**over))


def cancel_by_fault(*, connector: Connector, status: str, at: datetime) -> None:
    """A connector that is Faulted or Unavailable keeps nothing (OCPP 1.6 section 5.13)."""
    held = Reservation.objects.filter(status__in=HOLDING, station_id=connector.station_id)
    if connector.connector_id:  # number 0 is the whole station
        held = held.filter(connector=connector)
    held.update(
        status=ReservationStatus.CANCELLED, status_reason=f"connector is {status}", ended_at=at
    )


def holding(*, connector: Connector, at: datetime) -> Reservation | None:
    """The reservation that holds ``connector`` at ``at``: its own, or one of the whole station."""
    return (
        Reservation.objects.select_for_update(no_key=True, of=("self",))
        .filter(
            Q(connector=connector) | Q(connector__connector_id=0),
            station_id=connector.station_id,
            status__in=HOLDING,
            requested_at__lte=at + _CLOCK_TOLERANCE,
            expires_at__gt=at,
        )
        .order_by("-connector__connector_id", "pk")
        .first()
    )


def fits(reservation: Reservation, *, id_tag: str, parent_id_tag: str) -> bool:
    """Whether a card may use ``reservation``: its own, or one of its group (section 5.13)."""
    if reservation.id_tag.upper() == id_tag.upper():
        return True
    group = reservation.parent_id_tag
    return bool(group) and group.upper() == parent_id_tag.upper()


def keeps(reservation: Reservation, *, connector: Connector) -> bool:
    """Whether it keeps other cards off ``connector``. One for any connector (number 0) leaves the

    others to everybody as long as one remains free for it (OCPP 1.6 section 5.13).
    """
    if reservation.connector_id == connector.pk:
        return True
    others = Connector.objects.filter(station_id=connector.station_id, connector_id__gt=0)
    free = others.exclude(pk=connector.pk).filter(status__in=("Available", "Reserved"))
    return not free.exclude(reservations__status__in=HOLDING).exists()


def use(*, reservation: Reservation, session: ChargingSession, at: datetime) -> None:
    """``session`` began on what was reserved for it."""
    reservation.status = ReservationStatus.USED
    reservation.session = session
    reservation.ended_at = at
    reservation.save(update_fields=["status", "session", "ended_at"])


def expire_due(*, at: datetime) -> int:
    """End what nobody used in time; gives how many. The station ends it itself (section 5.13)."""
    return _expire(Reservation.objects.all(), at)


def _expire(reservations: QuerySet[Reservation], at: datetime) -> int:
    return reservations.filter(status__in=HOLDING, expires_at__lte=at).update(
        status=ReservationStatus.EXPIRED, ended_at=at
    )


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
            return Reservation.objects.create(
                station_id=connector.station_id,
                connector=connector,
                id_tag=id_tag,
                parent_id_tag=parent_id_tag,
                requested_at=at,
                requested_by_id=requested_by_id,
                expires_at=expires_at,
            )
    except IntegrityError:
        raise Conflict(
            f"Connector {connector.connector_id} is reserved already",
            fields={"connectorId": ["is reserved already"]},
        ) from None
