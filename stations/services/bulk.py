"""Bulk commands: what would be asked of which stations and why not of others; then asking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    ChargingSession,
    ChargingStation,
    CommandBatch,
    Connector,
    FirmwareImage,
    Registration,
)
from stations.services import batch_firmware, batches, firmware, triggers
from stations.services.batches import CHARGING, PLAIN, Ask, Terms

MOST_STATIONS = 5_000  # in one bulk command
REJECTED = "it is registered as Rejected"
NO_CONNECTOR = "it has no such connector"
RUNS_IT = "it runs this version already"
NOT_FOR_IT = "the firmware is for another vendor or model"
MESSAGES = (
    *("BootNotification", "StatusNotification", "MeterValues", "Heartbeat"),
    *("FirmwareStatusNotification", "DiagnosticsStatusNotification"),
)
_PART = 500  # stations of one query


class Order(NamedTuple):
    """An OCPP 1.6 action with its payload; ``spare_busy``: not of stations that charge.

    The payload of UpdateFirmware names an ``image`` (its id) or a ``location``; see
    ``batch_firmware.wanted``.
    """

    action: str
    payload: dict[str, Any]
    spare_busy: bool = False


class Line(NamedTuple):
    """One station of a plan: its sessions under way, and why it is left out, if it is."""

    station: ChargingStation
    sessions: list[ChargingSession]
    left_out: str

    @property
    def is_away(self) -> bool:
        """Whether it is not connected: then nothing is sent."""
        return not (self.station.online and self.station.connection_id)

    @property
    def is_asked(self) -> bool:
        """Whether it would be asked, were it now."""
        return not self.left_out and not self.is_away


class Plan(NamedTuple):
    """What an order would do, station by station."""

    lines: list[Line]

    @property
    def busy(self) -> int:
        """How many have sessions under way."""
        return sum(bool(line.sessions) for line in self.lines)

    @property
    def away(self) -> int:
        """How many are not connected."""
        return sum(line.is_away for line in self.lines)

    @property
    def asked(self) -> int:
        """How many would be asked now."""
        return sum(line.is_asked for line in self.lines)

    @property
    def left_out(self) -> int:
        """How many would not be asked even where they are connected."""
        return sum(bool(line.left_out) for line in self.lines)

    @property
    def ended(self) -> int:
        """How many sessions are under way at stations that would be asked."""
        return sum(len(line.sessions) for line in self.lines if line.is_asked)


def check(order: Order) -> None:
    """Raise DomainError, with the field, where ``order`` is none that can be given in bulk."""
    if order.action not in ACTIONS:
        raise DomainError.of_field("action", "should be one of %(known)s", known=", ".join(ACTIONS))
    ACTIONS[order.action](order.payload)


def plan(*, order: Order, stations: Iterable[ChargingStation]) -> Plan:
    """What ``order`` would do to ``stations``. Reads only.

    Raises DomainError where the order is wrong, or the stations are too many.
    """
    check(order)
    found = list(stations)
    if len(found) > MOST_STATIONS:
        raise DomainError(
            "These should be at most %(most)s stations, not %(count)s",
            fields={"stations": ["should be at most %(most)s stations, not %(count)s"]},
            most=MOST_STATIONS,
            count=len(found),
        )
    sessions = _under_way(found)
    outlets = _outlets(found, order.payload.get("connectorId") or 0)
    image = batch_firmware.image_of(order.payload) if order.action == "UpdateFirmware" else None
    return Plan(
        [
            Line(
                one,
                sessions.get(one.pk, []),
                _why_not(order, one, one.pk in sessions, outlets, image),
            )
            for one in found
        ]
    )


def start(
    *, order: Order, stations: Iterable[ChargingStation], at: datetime, terms: Terms = PLAIN
) -> CommandBatch:
    """Give ``order`` to ``stations``, so many at a time; the batch says how it goes.

    A repeated idempotency key gives the batch of the first time. Raises DomainError as ``plan``
    does, and Conflict where none of the stations would be asked, or the key was used for another.
    """
    lines = plan(order=order, stations=stations).lines
    known = batches.repeated(terms.idempotency_key)
    if known is not None:
        return _same(known, order, lines)
    if all(line.left_out for line in lines):
        raise Conflict("None of these stations would be asked")
    return batches.create(
        title=title(order),
        asks=[Ask(line.station.pk, order.action, order.payload, line.left_out) for line in lines],
        at=at,
        terms=terms._replace(spare_busy=order.spare_busy),
    )


def title(order: Order) -> str:
    """What a batch is called: the action, and what is special about it."""
    if order.action == "UpdateFirmware":
        image = batch_firmware.image_of(order.payload)
        return f"{order.action} {image or order.payload['location']}"
    said = [str(value) for value in order.payload.values() if isinstance(value, str)]
    connector = order.payload.get("connectorId")
    return " ".join([order.action, *said, *([f"connector {connector}"] if connector else [])])


def _same(known: CommandBatch, order: Order, lines: list[Line]) -> CommandBatch:
    stations = set(known.items.values_list("station_id", flat=True))
    if known.title != title(order)[:200] or stations != {line.station.pk for line in lines}:
        raise Conflict("This Idempotency-Key was used for another batch")
    return known


def _why_not(
    order: Order,
    station: ChargingStation,
    is_busy: bool,
    outlets: set[int] | None,
    image: FirmwareImage | None,
) -> str:
    if station.registration == Registration.REJECTED:
        return REJECTED
    if outlets is not None and station.pk not in outlets:
        return NO_CONNECTOR
    if image is not None and station.firmware_version == image.version:
        return RUNS_IT
    if image is not None and firmware.misfit(image, station):
        return NOT_FOR_IT
    return CHARGING if order.spare_busy and is_busy else ""


def _under_way(stations: list[ChargingStation]) -> dict[int, list[ChargingSession]]:
    found: dict[int, list[ChargingSession]] = {}
    for some in _in_parts(stations):
        active = ChargingSession.objects.filter(station_id__in=some, status="Active")
        for session in active.select_related("connector").order_by("pk"):
            found.setdefault(session.station_id, []).append(session)
    return found


def _outlets(stations: list[ChargingStation], number: int) -> set[int] | None:
    """Which of ``stations`` have the connector with this number; None: it is about none."""
    if not number:
        return None
    rows = [
        Connector.objects.filter(station__in=s, connector_id=number) for s in _in_parts(stations)
    ]
    return {pk for some in rows for pk in some.values_list("station_id", flat=True)}


def _in_parts(stations: list[ChargingStation]) -> Iterator[list[int]]:
    for start_at in range(0, len(stations), _PART):
        yield [station.pk for station in stations[start_at : start_at + _PART]]


def _check_reset(payload: dict[str, Any]) -> None:
    _only(payload, "type")
    _one_of(payload, "type", ("Soft", "Hard"))


def _check_availability(payload: dict[str, Any]) -> None:
    _only(payload, "type", "connectorId")
    _one_of(payload, "type", ("Operative", "Inoperative"))
    _number(payload, at_least=0)


def _check_trigger(payload: dict[str, Any]) -> None:
    _only(payload, "requestedMessage", "connectorId")
    _one_of(payload, "requestedMessage", MESSAGES)
    if "connectorId" in payload:
        _number(payload, at_least=0)
    try:
        triggers.check(payload)
    except DomainError as error:
        fields = {f"payload.{name}": messages for name, messages in error.fields.items()}
        raise DomainError(error.message, fields=fields) from None


def _check_configuration(payload: dict[str, Any]) -> None:
    _only(payload, "key")
    keys = payload.get("key", [])
    if not isinstance(keys, list) or not all(isinstance(k, str) and 0 < len(k) <= 50 for k in keys):
        raise DomainError.of_field(
            "payload.key", "should be a list of keys, each at most 50 characters"
        )


def _check_firmware(payload: dict[str, Any]) -> None:
    _only(payload, "image", "location", "signed", "retrieveDate")
    batch_firmware.wanted(payload)


ACTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "Reset": _check_reset,
    "ChangeAvailability": _check_availability,
    "UpdateFirmware": _check_firmware,
    "TriggerMessage": _check_trigger,
    "GetConfiguration": _check_configuration,
}


def _only(payload: dict[str, Any], *members: str) -> None:
    for name in payload:
        if name not in members:
            raise DomainError.of_field(
                f"payload.{name}",
                "should be left out: there are %(known)s",
                known=", ".join(members),
            )


def _one_of(payload: dict[str, Any], name: str, words: tuple[str, ...]) -> None:
    if payload.get(name) not in words:
        raise DomainError.of_field(
            f"payload.{name}", "should be one of %(known)s", known=", ".join(words)
        )


def _number(payload: dict[str, Any], *, at_least: int) -> None:
    number = payload.get("connectorId")
    if not isinstance(number, int) or isinstance(number, bool) or not at_least <= number < 2**31:
        raise DomainError.of_field(
            "payload.connectorId",
            "should be the number of a connector, from %(least)s on",
            least=at_least,
        )
