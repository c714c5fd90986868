"""Holds: what a start has to do with reservations - which one it uses, which one refuses it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from stations.models import Connector, Reservation, ReservationStatus
from stations.models.reservations import HOLDING
from stations.services import reservations

_CLOCK_TOLERANCE = timedelta(minutes=5)  # a station's clock may be behind ours


class Use(NamedTuple):
    """The reservation a start uses, and whether one of somebody else's refuses it."""

    reservation: Reservation | None = None
    is_sure: bool = False  # the station itself says that it used it
    refused: bool = False


def of_start(
    *, connector: Connector, id_tag: str, parent_id_tag: str, named: int | None, at: datetime
) -> Use:
    """What holds ``connector`` for or against a card that starts on it at ``at``.

    ``named``: the reservation the station says it used (StartTransaction.req, section 6.45). That
    one is over whatever card it was for: the station ended it.
    """
    known = _named(station_id=connector.station_id, number=named, at=at)
    if known is not None:
        return Use(known, is_sure=True)
    held = _holding(connector=connector, at=at)
    if held is None:
        return Use()
    if _fits(held, id_tag=id_tag, parent_id_tag=parent_id_tag):
        return Use(held)
    return Use(refused=_keeps(held, connector=connector))


def _named(*, station_id: int, number: int | None, at: datetime) -> Reservation | None:
    """By its number; also one the station did not answer for, or that expired after ``at``."""
    if number is None or number <= 0:  # what some stations send for none
        return None
    usable = Q(status__in=(*HOLDING, ReservationStatus.FAILED))
    usable |= Q(status=ReservationStatus.EXPIRED, expires_at__gt=at)
    return reservations.by_number(
        Reservation.objects.select_for_update(no_key=True).filter(usable, station_id=station_id),
        number,
    ).first()


def _holding(*, connector: Connector, at: datetime) -> Reservation | None:
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


def _fits(reservation: Reservation, *, id_tag: str, parent_id_tag: str) -> bool:
    """Whether a card may use ``reservation``: its own, or one of its group (section 5.13)."""
    if reservation.id_tag.upper() == id_tag.upper():
        return True
    group = reservation.parent_id_tag
    return bool(group) and group.upper() == parent_id_tag.upper()


def _keeps(reservation: Reservation, *, connector: Connector) -> bool:
    """Whether it keeps other cards off ``connector``. One for any connector (number 0) leaves the

    others to everybody as long as one remains free for it (OCPP 1.6 section 5.13).
    """
    if reservation.connector_id == connector.pk:
        return True
    others = Connector.objects.filter(station_id=connector.station_id, connector_id__gt=0)
    free = others.exclude(pk=connector.pk).filter(status__in=("Available", "Reserved"))
    return not free.exclude(reservations__status__in=HOLDING).exists()
