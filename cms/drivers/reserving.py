"""What drivers may reserve: a connector for a card of theirs, not for long, and few at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from cms.accounts.models import User
from cms.drivers.verbs import NotAllowed
from cms.shared.errors import Conflict, DomainError
from rfid.models import RfidCard
from stations import selectors
from stations.models import ChargingStation, Command, Reservation
from stations.models.reservations import HOLDING
from stations.services import commands, extending, reservations, sessions
from stations.services.assignments import Asker

MOST = 3  # of one driver at a time


@transaction.atomic
def reserve(
    *,
    card: RfidCard,
    station: ChargingStation,
    connector_id: int,
    expires_at: datetime | None,
    asker: Asker,
) -> Reservation:
    """Ask the station to keep a connector for a card of a driver's; None: as long as they may.

    Raises NotAllowed for a card that could not charge there, Conflict where they hold as many as
    they may, DomainError (``expiryDate``) for longer than RESERVATION_MINUTES, StationOffline.
    """
    is_new = commands.repeated(asker.idempotency_key) is None
    standing = sessions.standing(
        station_id=station.pk, id_tag=card.id_tag, at=asker.at, is_for_later=True
    )
    if is_new and not standing.accepted:
        raise NotAllowed.of_status(standing.status)
    holder = card.user_id or 0
    # Whoever reserves for them waits: else of many at once each finds room for itself.
    User.objects.select_for_update(no_key=True).filter(pk=holder).first()
    held = selectors.reservations_of(holder).filter(status__in=HOLDING, expires_at__gt=asker.at)
    if is_new and held.count() >= MOST:
        raise Conflict("You hold %(most)s reservations already: cancel one first", most=MOST)
    longest = asker.at + timedelta(minutes=settings.RESERVATION_MINUTES)
    if expires_at is not None:
        _check(expires_at, longest)
    return reservations.reserve(
        station=station,
        connector_id=connector_id,
        id_tag=card.id_tag,
        expires_at=(expires_at or longest).replace(microsecond=0),
        at=asker.at,
        requested_by_id=asker.requested_by_id,
        idempotency_key=asker.idempotency_key,
    )


def extend(*, reservation: Reservation, expires_at: datetime, asker: Asker) -> Command:
    """Ask the station to keep it until then, no longer than a new one made now.

    Raises as ``extending.extend``, and DomainError (``expiryDate``).
    """
    _check(expires_at, asker.at + timedelta(minutes=settings.RESERVATION_MINUTES))
    return extending.extend(reservation=reservation, expires_at=expires_at, asker=asker)


def _check(expires_at: datetime, longest: datetime) -> None:
    if expires_at > longest:
        raise DomainError(
            "Drivers reserve for %(minutes)s minutes at most",
            fields={"expiryDate": ["should be %(minutes)s minutes from now at most"]},
            minutes=settings.RESERVATION_MINUTES,
        )
