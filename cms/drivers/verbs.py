"""What drivers ask of stations: their sessions begun and ended. The rules, for socket and REST."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from cms.shared.errors import Conflict, Text
from rfid.models import ID_TAG_LENGTH, RfidCard
from stations.models import ChargingSession, ChargingStation, Command, CommandStatus
from stations.models.commands import OPEN
from stations.services import commands, effects, limits, sessions
from stations.services.assignments import Asker
from stations.services.limits import Limit

START, STOP = "RemoteStartTransaction", "RemoteStopTransaction"
_WHY = {
    "Blocked": Text("The card is blocked"),
    "Expired": Text("The card is expired"),
    "Invalid": Text("The card may not charge here"),
    "ConcurrentTx": Text("The card is charging somewhere else"),
}


class NotAllowed(Conflict):
    """The driver's card may not charge there now: why, in a sentence."""

    code = "card_not_accepted"

    @classmethod
    def of_status(cls, status: str) -> NotAllowed:
        """By OCPP's word for it."""
        return cls(_WHY.get(status) or Text("The card is not accepted: %(status)s", status=status))


@transaction.atomic
def begin(
    *,
    card: RfidCard,
    station: ChargingStation,
    connector_id: int,
    asker: Asker,
    limit: Limit | None = None,
) -> Command:
    """Ask a station for a session by a card of the driver's.

    Asked for twice before the station answered it is one command: a station refuses the second.
    Raises NotAllowed where the card may not charge there, DomainError (StationOffline, ...).
    """
    standing = sessions.standing(station_id=station.pk, id_tag=card.id_tag, at=asker.at)
    if not standing.accepted:
        raise NotAllowed.of_status(standing.status)
    payload = {"connectorId": connector_id, "idTag": card.id_tag}
    return _asked_already(station, payload, asker, limit) or limits.start(
        station=station, payload=payload, asker=asker, limit=limit
    )


def end(*, session: ChargingSession, asker: Asker) -> Command | None:
    """Ask the station to end a session of the driver's; None where it is over already.

    Raises DomainError (StationOffline, ...).
    """
    if not session.is_open:
        return None
    payload = {"transactionId": session.pk}
    return commands.request(
        station=session.station, action=STOP, payload=payload, **asker._asdict()
    )


def _asked_already(
    station: ChargingStation, payload: dict[str, Any], asker: Asker, limit: Limit | None
) -> Command | None:
    """The same wish of the same driver that the station has not answered yet."""
    ChargingStation.objects.select_for_update(no_key=True).get(pk=station.pk)  # two at once
    rows = Command.objects.select_related("limit").filter(
        station=station, action=START, requested_by=asker.requested_by_id, status__in=OPEN
    )
    wanted = limit or Limit()
    return next((row for row in rows if (row.payload, _limit_of(row)) == (payload, wanted)), None)


def _limit_of(command: Command) -> Limit:
    row = getattr(command, "limit", None)
    return Limit(row.energy_wh, row.minutes, row.amount) if row else Limit()


def card_of(user_id: int, id_tag: Any) -> RfidCard | None:
    """A card of the driver's own, letter case ignored: to them, those of others do not exist."""
    if not isinstance(id_tag, str) or "\0" in id_tag or len(id_tag) > ID_TAG_LENGTH:
        return None
    return RfidCard.objects.filter(user_id=user_id).with_tag(id_tag).first()


def started(command: Command) -> int | None:
    """The transaction a start led to, once it did."""
    command.refresh_from_db()
    if command.sent_at is None:
        return None
    session = effects.started_by(command)
    return session.pk if session else None


def is_accepted(command: Command) -> bool:
    """Whether the station said it does so."""
    return command.status == CommandStatus.ANSWERED and command.answer_status == "Accepted"


def why_not(command: Command) -> str:
    """Why it does not, of a command that is settled."""
    if command.status == CommandStatus.ANSWERED:
        return "The station refused"
    if command.status == CommandStatus.FAILED:
        return f"The station answered with an error: {command.error_code}"
    return "The station did not answer"
