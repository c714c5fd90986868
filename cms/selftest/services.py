"""What the self-test works with: rows of its own, marked, never priced, and gone afterwards.

It touches nothing else: what it deletes has its mark, in a name nobody gives by chance.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import ProtectedError
from django.db.models.functions import Upper
from rest_framework_simplejwt.tokens import AccessToken

from billing.models import SessionBill
from cms.accounts import keys as api_keys
from cms.accounts.models import Scope, User
from cms.shared.errors import Conflict
from ocpp_gateway.models import OcppMessage
from rfid.models import SELF_TEST, CardChange, RfidCard
from rfid.services import cards
from stations.models import ChargingSession, ChargingStation, Reservation, ReviewCase
from stations.services import keys, stations

NAME = "Self-test, removes itself"
_MARK = re.compile(rf"{SELF_TEST}[0-9a-f]{{12}}")  # of 20 characters, as long as an id tag may be
_ABANDONED = timedelta(minutes=30)  # then nobody runs it any more: it was killed
_VALID = timedelta(hours=1)


class Own(NamedTuple):
    """Its station, user and card have one name; what each presents to the server."""

    mark: str
    station_id: int
    station_key: str
    user_id: int
    token: str
    api_key: str


@transaction.atomic
def prepare(*, at: datetime) -> Own:
    """Make a station with a key, and a driver with a card, a token and an API key."""
    mark = SELF_TEST + secrets.token_hex(6)
    station = stations.create(cp_id=mark, name=NAME)
    user = User.objects.create_user(mark, last_name=NAME)
    cards.create(id_tag=mark, label=NAME, user=user, valid_until=at + _VALID)
    _, api_key = api_keys.create(
        name=NAME, user=user, scopes=[Scope.CONTROL], at=at, expires_at=at + _VALID
    )
    token = str(AccessToken.for_user(user))
    return Own(mark, station.pk, keys.set_key(station=station), user.pk, token, api_key)


def has_left(own: Own) -> bool:
    """Whether the server has noticed that its station went."""
    return not ChargingStation.objects.filter(pk=own.station_id).exclude(connection_id="").exists()


def is_reserved(own: Own) -> bool:
    """Whether its station has accepted a reservation, and the server wrote that down."""
    return Reservation.objects.filter(station=own.station_id, status="Accepted").exists()


@transaction.atomic
def remove(mark: str) -> None:
    """Take away everything with this mark. Raises Conflict for what is billed, or has no mark."""
    if not _MARK.fullmatch(mark):
        raise Conflict("%(mark)s is nothing of the self-test", mark=mark)
    for station in ChargingStation.objects.filter(cp_id=mark, name=NAME):
        _remove_station(station)
    for user in User.objects.filter(username=mark, last_name=NAME):
        LogEntry.objects.filter(actor=user).delete()  # that it asked for a reservation
        user.delete()
    CardChange.objects.filter(id_tag=mark).delete()
    for card in RfidCard.objects.filter(id_tag=mark, label=NAME):
        card.delete()


def forget_late(own: Own) -> int:
    """Delete what was written of its station after that was gone: frames, that it was turned away.

    Gives how many rows.
    """
    if ChargingStation.objects.filter(pk=own.station_id).exists():
        return 0
    cases = ReviewCase.objects.alias(of=Upper("cp_id")).filter(of=own.mark.upper(), station=None)
    frames = OcppMessage.objects.filter(station=own.station_id)
    return cases.delete()[0] + frames.delete()[0]


def remove_abandoned(*, at: datetime) -> int:
    """Take away what self-tests left that were killed; gives how many there were.

    What may not go stays, and keeps nobody from testing.
    """
    rows = ChargingStation.objects.filter(
        cp_id__startswith=SELF_TEST, name=NAME, created_at__lt=at - _ABANDONED
    )
    marks = [cp_id for cp_id in rows.values_list("cp_id", flat=True) if _MARK.fullmatch(cp_id)]
    for mark in marks:
        with suppress(Conflict, ProtectedError):
            remove(mark)
    return len(marks)


def _remove_station(station: ChargingStation) -> None:
    sessions = ChargingSession.objects.filter(station=station)
    if SessionBill.objects.filter(session__in=sessions).exists():
        raise Conflict("%(station)s has a bill, which stays", station=station.cp_id)
    ReviewCase.objects.filter(station=station).delete()
    LogEntry.objects.get_for_object(station).delete()
    OcppMessage.objects.filter(station=station).delete()
    sessions.delete()
    stations.delete(station=station)
