"""What apps ask for over the socket: what they say, checked, and what is wrong in its words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cms.accounts.models import User
from cms.accounts.tokens import Presented, is_whose
from cms.drivers import verbs
from cms.drivers.envelope import (
    INVALID_REQUEST,
    MISSING_PARAMETERS,
    NO_TRANSACTION,
    NOT_AUTHORIZED,
    OFFLINE,
    Refused,
)
from cms.drivers.leaving import person
from cms.drivers.verbs import NotAllowed
from cms.shared import scoping
from cms.shared.errors import DomainError, StationOffline
from rfid.models import RfidCard
from stations.models import ChargingSession, ChargingStation, Command
from stations.models.sessions import MAX_TRANSACTION_ID
from stations.services.assignments import Asker


def start(who: Presented, data: Mapping[str, Any], *, key: str, at: datetime) -> Command:
    """Ask a station for a session: chargePointId, connectorId, idTag (a card of theirs).

    ``key``: the same one asks once. Raises Refused, and NotAllowed where the card may not charge.
    """
    _named(data, "chargePointId", "connectorId", "idTag")
    _same_user(who, data)
    station = _station(person(who), data["chargePointId"])
    connector = _whole(data, "connectorId", 1, 1000)
    card = _card(who, data["idTag"])
    asker = Asker(at=at, requested_by_id=who.user_id, idempotency_key=key)
    try:
        return verbs.begin(card=card, station=station, connector_id=connector, asker=asker)
    except NotAllowed:
        raise
    except DomainError as error:
        raise _refused(error) from error


def stop(who: Presented, data: Mapping[str, Any], *, key: str, at: datetime) -> Command | None:
    """Ask the station to end a session of theirs: transactionId, and chargePointId.

    Gives None where it is over already. Raises Refused.
    """
    _named(data, "chargePointId", "transactionId")
    _same_user(who, data)
    number = _whole(data, "transactionId", 1, MAX_TRANSACTION_ID)
    person(who)
    session = ChargingSession.objects.select_related("station", "card").filter(pk=number).first()
    if session is None:
        raise Refused(NO_TRANSACTION, "Transaction not found", transactionId=number)
    if session.card is None or session.card.user_id != who.user_id:
        raise Refused(NOT_AUTHORIZED, "Not authorized for this charge point")
    if session.station.cp_id.upper() != str(data["chargePointId"]).upper():
        wanted = "should be the charge point of this transaction"
        raise Refused(INVALID_REQUEST, "Another charge point", chargePointId=wanted)
    asker = Asker(at=at, requested_by_id=who.user_id, idempotency_key=key)
    try:
        return verbs.end(session=session, asker=asker)
    except DomainError as error:
        raise _refused(error) from error


def _refused(error: DomainError) -> Refused:
    if isinstance(error, StationOffline):
        return Refused(OFFLINE, error.message)
    return Refused(INVALID_REQUEST, error.message, **error.fields)


def _named(data: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if data.get(name) in (None, "")]
    if missing:
        raise Refused(MISSING_PARAMETERS, "Missing required parameters", missing=missing)


def _same_user(who: Presented, data: Mapping[str, Any]) -> None:
    if data.get("userId") and not is_whose(who, data["userId"]):
        raise Refused(NOT_AUTHORIZED, "The token is of another user")


def _whole(data: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number, also as a text: some apps keep transaction ids as such."""
    value = data[name]
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        wanted = f"should be a whole number from {least} to {most}"
        raise Refused(INVALID_REQUEST, f"{name} {wanted}", **{name: wanted})
    return value


def _station(user: User, cp_id: Any) -> ChargingStation:
    """Of those the driver may see: who works for some sites charges there, as over REST."""
    named = ChargingStation.objects.named(cp_id) if _is_text(cp_id) else None
    station = None if named is None else scoping.visible(user, named).first()
    if station is None:
        wanted = "should be the id of a charge point"
        raise Refused(INVALID_REQUEST, "There is no such charge point", chargePointId=wanted)
    return station


def _card(who: Presented, id_tag: Any) -> RfidCard:
    card = verbs.card_of(who.user_id, id_tag)
    if card is None:
        raise Refused(NOT_AUTHORIZED, "Not one of your cards", idTag="should be a card of yours")
    return card


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value
