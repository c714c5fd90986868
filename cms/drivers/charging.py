"""What drivers ask for: a session of their own begun or ended. Rules and words, no socket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cms.accounts.tokens import Presented, is_whose
from cms.drivers.envelope import (
    INVALID_REQUEST,
    MISSING_PARAMETERS,
    NO_TRANSACTION,
    NOT_AUTHORIZED,
    OFFLINE,
    Refused,
)
from cms.shared.errors import DomainError, StationOffline
from rfid.models import ID_TAG_LENGTH, RfidCard
from stations.models import ChargingSession, ChargingStation, Command
from stations.models.sessions import MAX_TRANSACTION_ID
from stations.services import assignments, commands, effects, limits, sessions

_WHY = {
    "Blocked": "The card is blocked",
    "Expired": "The card is expired",
    "Invalid": "The card may not charge here",
    "ConcurrentTx": "The card is charging somewhere else",
}


class NotAllowed(Exception):
    """The driver's card may not charge there now: why, in a sentence."""


def start(who: Presented, data: Mapping[str, Any], *, key: str, at: datetime) -> Command:
    """Ask a station for a session: chargePointId, connectorId, idTag (a card of theirs).

    ``key``: the same one asks once. Raises Refused, and NotAllowed where the card may not charge.
    """
    _named(data, "chargePointId", "connectorId", "idTag")
    _same_user(who, data)
    station = _station(data["chargePointId"])
    connector = _whole(data, "connectorId", 1, 1000)
    card = _card(who, data["idTag"])
    standing = sessions.standing(station_id=station.pk, id_tag=card.id_tag, at=at)
    if not standing.accepted:
        raise NotAllowed(_WHY.get(standing.status, f"The card is not accepted: {standing.status}"))
    asker = assignments.Asker(at=at, requested_by_id=who.user_id, idempotency_key=key)
    payload = {"connectorId": connector, "idTag": card.id_tag}
    try:
        return limits.start(station=station, payload=payload, asker=asker)
    except DomainError as error:
        raise _refused(error) from error


def stop(who: Presented, data: Mapping[str, Any], *, key: str, at: datetime) -> Command | None:
    """Ask the station to end a session of theirs: transactionId, and chargePointId.

    Gives None where it is over already. Raises Refused.
    """
    _named(data, "chargePointId", "transactionId")
    _same_user(who, data)
    number = _whole(data, "transactionId", 1, MAX_TRANSACTION_ID)
    session = ChargingSession.objects.select_related("station", "card").filter(pk=number).first()
    if session is None:
        raise Refused(NO_TRANSACTION, "Transaction not found", transactionId=number)
    if session.card is None or session.card.user_id != who.user_id:
        raise Refused(NOT_AUTHORIZED, "Not authorized for this charge point")
    if session.station.cp_id != data["chargePointId"]:
        wanted = "should be the charge point of this transaction"
        raise Refused(INVALID_REQUEST, "Another charge point", chargePointId=wanted)
    if not session.is_open:
        return None
    try:
        return commands.request(
            station=session.station,
            action="RemoteStopTransaction",
            payload={"transactionId": number},
            at=at,
            requested_by_id=who.user_id,
            idempotency_key=key,
        )
    except DomainError as error:
        raise _refused(error) from error


def started(command: Command) -> int | None:
    """The transaction a start led to, once it did."""
    command.refresh_from_db()
    if command.sent_at is None:
        return None
    session = effects.started_by(command)
    return session.pk if session else None


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


def _station(cp_id: Any) -> ChargingStation:
    station = ChargingStation.objects.filter(cp_id=cp_id).first() if _is_text(cp_id) else None
    if station is None:
        wanted = "should be the id of a charge point"
        raise Refused(INVALID_REQUEST, "There is no such charge point", chargePointId=wanted)
    return station


def _card(who: Presented, id_tag: Any) -> RfidCard:
    """A card of the driver's own: to them, those of others do not exist."""
    known = RfidCard.objects.filter(user_id=who.user_id)
    usable = _is_text(id_tag) and len(id_tag) <= ID_TAG_LENGTH
    card = known.with_tag(id_tag).first() if usable else None
    if card is None:
        raise Refused(NOT_AUTHORIZED, "Not one of your cards", idTag="should be a card of yours")
    return card


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value
