"""What is given in the tests of the services: stations, cards, sessions, readings in a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cms.accounts.models import User
from rfid.models import RfidCard
from rfid.services import cards
from stations.models import ChargingSession, ChargingStation, Connector, ReviewCase
from stations.readings import Reading, fingerprint
from stations.services import connectors, metering, sessions, stations
from stations.services.connectors import StatusReport
from stations.services.sessions import Start, Started, Stop
from stations.services.settling import Who

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def a_station(cp_id: str = "CP-1", **fields: Any) -> ChargingStation:
    """A station an operator added."""
    return stations.create(cp_id=cp_id, **fields)


def a_connected_station(cp_id: str = "CP-1", connection_id: str = "socket-1") -> ChargingStation:
    """A station whose newest socket is ``connection_id``."""
    station = stations.find(cp_id) or a_station(cp_id)
    stations.connected(
        station_id=station.pk, connection_id=connection_id, protocol="ocpp1.6", at=NOON
    )
    return station


def a_card(id_tag: str = "CARD-1", **fields: Any) -> RfidCard:
    """A card that may charge."""
    return cards.create(id_tag=id_tag, **fields)


def begin(
    station: ChargingStation,
    *,
    connector: int = 1,
    tag: str = "CARD-1",
    minute: float = 0,
    meter: int = 1000,
    heard: datetime | None = None,
    reservation: int | None = None,
) -> Started:
    """The station's StartTransaction."""
    start = Start(connector, tag, after(minute), meter, after(minute).isoformat(), reservation)
    return sessions.start(station_id=station.pk, start=start, at=heard or after(minute))


def finish(
    station: ChargingStation,
    transaction_id: int,
    *,
    minute: float = 60,
    meter: int = 9000,
    **more: Any,
) -> Any:
    """The station's StopTransaction."""
    stop = Stop(transaction_id, after(minute), meter, after(minute).isoformat(), **more)
    return sessions.end(station_id=station.pk, stop=stop, at=after(minute))


def a_reading(
    station: ChargingStation,
    transaction_id: int | None = None,
    *,
    connector: int = 1,
    minute: float = 10,
    energy: int | None = 2000,
    power: int | None = None,
    soc: float | None = None,
) -> Reading:
    """One meter value in flight."""
    said = f"{energy} {power} {soc}"
    return Reading(
        *(station.pk, connector, transaction_id, after(minute), after(minute).isoformat()),
        *("Sample.Periodic", energy, power, None, None, soc, said),
        fingerprint(said, transaction_id),
    )


def meter(*readings: Reading) -> None:
    """The stations' MeterValues, stored in one go."""
    metering.record(readings=readings, at=NOON)


def report(
    station: ChargingStation,
    status: str,
    *,
    connector: int = 1,
    minute: float = 0,
    heard: float | None = None,
) -> None:
    """The station's StatusNotification of ``minute``, which we heard at minute ``heard``."""
    said = StatusReport(connector, status, "NoError", after(minute))
    received = after(minute if heard is None else heard)
    connectors.set_status(station_id=station.pk, report=said, at=received)


def session(started: Started | int) -> ChargingSession:
    """The session as it is stored now."""
    pk = started if isinstance(started, int) else started.transaction_id
    return ChargingSession.objects.get(pk=pk)


def connector(station: ChargingStation, number: int = 1) -> Connector:
    """The connector as it is stored now."""
    return Connector.objects.get(station=station, connector_id=number)


def an_operator(name: str = "olga") -> User:
    """Somebody who settles review cases."""
    return User.objects.get_or_create(username=name)[0]


def decided(name: str = "olga", why: str = "the driver said so") -> Who:
    """Who settles a case, and why."""
    return Who(an_operator(name), why)


def case(kind: str, **fields: Any) -> ReviewCase:
    """The open case of this kind; there is one."""
    return ReviewCase.objects.get(kind=kind, state="Open", **fields)


def kinds(**fields: Any) -> list[str]:
    """The kinds of the open cases."""
    return sorted(ReviewCase.objects.filter(state="Open", **fields).values_list("kind", flat=True))
