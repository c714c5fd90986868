"""Enrolling a card by tapping it: the next unknown one at a station goes to who waits there.

The row is the agreement between processes: the gateway that hears the tap need not be the one that
shows the page. The station's Authorize is answered as ever, Invalid.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from cms.shared.errors import Conflict, DomainError, StationOffline
from rfid.models import RfidCard
from stations import events
from stations.models import CaptureState, CardCapture, ChargingStation

if TYPE_CHECKING:
    from cms.accounts.models import User

PATIENCE = timedelta(seconds=60)
_WIDTH = 255


def wait(*, station: ChargingStation, by: User, at: datetime) -> CardCapture:
    """Wait for a card at ``station``; one who waits there already goes on waiting.

    Raises StationOffline where its taps would not arrive, and Conflict where somebody else waits.
    """
    if not station.connection_id:
        raise StationOffline(
            "%(station)s is offline: what is presented there does not reach us", station=station
        )
    _end_old(station.pk, at)
    waiting = CardCapture.objects.filter(station=station, state=CaptureState.WAITING)
    known = waiting.first()
    if known is None:
        try:
            with transaction.atomic():
                return CardCapture.objects.create(
                    station=station,
                    asked_by=by,
                    asked_by_name=by.get_username(),
                    asked_at=at,
                    expires_at=at + PATIENCE,
                )
        except IntegrityError:  # somebody asked at the same moment
            known = waiting.get()
    if known.asked_by_id != by.pk:
        raise Conflict(
            "%(asked_by_name)s waits for a card at %(station)s already",
            asked_by_name=known.asked_by_name,
            station=station,
        )
    return known


def presented(*, station_id: int, id_tag: str, card: RfidCard | None, at: datetime) -> None:
    """Somebody presented ``id_tag`` at a station, ``card`` where it is known.

    The first unknown one is captured; a known one is told to who waits, who goes on waiting.
    """
    waiting = CardCapture.objects.filter(
        station_id=station_id, state=CaptureState.WAITING, expires_at__gt=at
    )
    number = waiting.values_list("pk", flat=True).first()
    if number is None:
        return
    if card is not None:
        done = waiting.update(known_card=card)
    else:
        tag = id_tag[:_WIDTH]
        done = waiting.update(state=CaptureState.CAPTURED, id_tag=tag, captured_at=at)
    if done:
        events.capture_changed(number)


@transaction.atomic
def cancel(*, capture: CardCapture) -> None:
    """Wait no longer; nothing where it is over already."""
    waiting = CardCapture.objects.filter(pk=capture.pk, state=CaptureState.WAITING)
    if waiting.update(state=CaptureState.CANCELLED):
        events.capture_changed(capture.pk)


@transaction.atomic
def taken(*, capture_id: int) -> CardCapture:
    """The capture whose card is to be adopted, locked. Raises DomainError where it has none,

    Conflict where somebody was faster.
    """
    capture = CardCapture.objects.select_for_update(no_key=True).get(pk=capture_id)
    if capture.state == CaptureState.ADOPTED:
        raise Conflict("The card is one of ours already")
    if capture.state != CaptureState.CAPTURED:
        raise DomainError("No card was presented")
    return capture


def adopted(*, capture: CardCapture, card: RfidCard) -> None:
    """Note on the locked ``capture`` what became of its card."""
    capture.state, capture.card = CaptureState.ADOPTED, card
    capture.save(update_fields=["state", "card"])
    events.capture_changed(capture.pk)


def _end_old(station_id: int, at: datetime) -> None:
    """Write down that waiting at a station is over, where it is: there is room for a new one."""
    old = CardCapture.objects.filter(
        station_id=station_id, state=CaptureState.WAITING, expires_at__lte=at
    )
    old.update(state=CaptureState.EXPIRED)
