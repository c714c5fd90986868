"""What gateways elsewhere tell of stations whose sockets they hold (docs/gateways.md).

A socket here knows better: while one serves a station nothing that is told of its connection
counts. Among gateways the one that was heard of last serves it, as among sockets (rule 6).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from cms.shared.errors import Conflict
from stations import by_now, events, hooks
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    ConnectorStatus,
    HappeningKind,
    Resolution,
)
from stations.models.sessions import OPEN_ENDED
from stations.services import connectors, filing, happenings, review, sessions, stations

CONTRADICTED = "OtherGateway"  # why a session waits for review
_AGREES = "What the other gateway said agrees with what is known here."
_NEAR_WH, _CENT = 10, Decimal("0.01")  # what may lie between two figures that are the same
_MOST_W = 1_000_000  # of a connector whose power nobody said
_MORE, _LATER = 1.2, timedelta(minutes=5)  # what meters and clocks may be wrong by


class Place(NamedTuple):
    """Where a station is put that nobody knew: how it is served, and at which site."""

    registration: str
    site_id: int | None = None


class Told(NamedTuple):
    """How a session ended by the word of a gateway; what it did not say is None.

    ``said`` is kept as evidence, as it came.
    """

    gateway: str
    stopped_at: datetime | None = None
    stopped_at_raw: str = ""
    meter_start_wh: int | None = None
    meter_stop_wh: int | None = None
    energy_kwh: Decimal | None = None
    amount: Decimal | None = None
    reason: str = ""
    said: dict[str, Any] = {}


@transaction.atomic
def ensure(
    *, cp_id: str, place: Place, outlets: int = 0, details: dict[str, Any]
) -> ChargingStation:
    """The station ``cp_id`` with these ``details`` (fields), made where nobody knew it.

    What is not named stays as it is; it has at least the connectors 1 to ``outlets``.
    """
    station = stations.find(cp_id)
    if station is None:
        station = stations.adopt(cp_id=cp_id, registration=place.registration)
        details = {**details, **({"site_id": place.site_id} if place.site_id else {})}
    new = {name: value for name, value in details.items() if getattr(station, name) != value}
    if new:
        station = stations.change(station=station, **new)
        events.station_changed(station.pk)
    if outlets:
        rows = [Connector(station=station, connector_id=number) for number in range(1, outlets + 1)]
        Connector.objects.bulk_create(rows, ignore_conflicts=True)
    return station


@transaction.atomic
def there(*, station_id: int, gateway: str, status: ConnectorStatus, at: datetime) -> None:
    """``gateway`` serves the station now, which says ``status`` of itself."""
    station = _held(station_id)
    if _is_here(station):
        return
    is_back, is_new = not station.online, station.served_by != gateway
    if is_new and station.connection_id:
        events.station_superseded(station_id, connection_id="")  # a socket that died here
    ChargingStation.objects.filter(pk=station_id).update(
        **({"connected_at": at} if is_new or is_back else {}),
        **{"served_by": gateway, "connection_id": "", "online": True, "last_seen_at": at},
    )
    if is_back:
        happenings.note(HappeningKind.ONLINE, station_id=station_id, at=at)
    itself = Connector.objects.filter(station=station_id, connector_id=0, status=status)
    if not itself.exists():
        report = connectors.StatusReport(0, status, "NoError", at)
        connectors.set_status(station_id=station_id, report=report, at=at)
    if is_new or is_back:
        events.station_changed(station_id)


@transaction.atomic
def gone(*, station_id: int, gateway: str, at: datetime) -> None:
    """``gateway`` lost the station; nothing where another one, or a socket here, serves it."""
    station = _held(station_id)
    if station.served_by != gateway:
        return
    ChargingStation.objects.filter(pk=station_id).update(
        served_by="", online=False, disconnected_at=at, last_seen_at=at
    )
    if station.online:
        happenings.note(HappeningKind.OFFLINE, station_id=station_id, at=at)
    events.station_changed(station_id)


@transaction.atomic
def heard(*, station_id: int, gateway: str, at: datetime) -> None:
    """``gateway`` heard from the station: one that it serves, and that fell silent, is back."""
    station = _held(station_id)
    if _is_here(station):
        return
    is_back = station.served_by == gateway and not station.online
    rows = ChargingStation.objects.filter(pk=station_id)
    rows.update(last_seen_at=at, **({"online": True} if is_back else {}))
    if is_back:
        happenings.note(HappeningKind.ONLINE, station_id=station_id, at=at)
        events.station_changed(station_id)


@transaction.atomic
def stop(*, session: ChargingSession, told: Told, at: datetime) -> ChargingSession:
    """End ``session`` by the word of a gateway; one that is over stays as it is.

    What was said is kept as a review case. Where it contradicts what is known here the session
    waits for somebody to look, and is not billed meanwhile. Raises Conflict where no register was
    ever heard: a session without an end register has no energy anybody could bill.
    """
    filing.hold(session.station_id)
    session.refresh_from_db()
    if session.status not in OPEN_ENDED:
        return session
    by_now.catch_up([session])
    ending = sessions.Stop(
        transaction_id=session.pk,
        stopped_at=min(told.stopped_at or at, at),
        meter_stop_wh=_end_register(session, told),
        stopped_at_raw=told.stopped_at_raw[:64],
        reason=told.reason[:50] or "Local",
    )
    sessions.end(station_id=session.station_id, stop=ending, at=at)
    session.refresh_from_db()
    _keep(session, told, _doubts(session, told, at), at)
    return session


def _held(station_id: int) -> ChargingStation:
    return ChargingStation.objects.select_for_update(no_key=True).get(pk=station_id)


def _is_here(station: ChargingStation) -> bool:
    """Whether a socket here serves it, and is not one that died unnoticed."""
    return station.online and station.connection_id != ""


def _end_register(session: ChargingSession, told: Told) -> int:
    known = (told.meter_stop_wh, session.last_register_wh, session.meter_start_wh)
    register = next((wh for wh in known if wh is not None), None)
    if register is None:
        raise Conflict("meterEnd is needed: no register of this session was ever heard")
    return register


def _doubts(session: ChargingSession, told: Told, at: datetime) -> list[str]:
    """In which of its figures the gateway contradicts what is known here."""
    facts = {
        "its station is connected here": _is_here(session.station),
        "another gateway serves its station": session.station.served_by not in ("", told.gateway),
        "no end register was said": told.meter_stop_wh is None,
        "meterStart": told.meter_start_wh not in (None, session.meter_start_wh),
        "energyConsumed": told.energy_kwh is not None
        and abs(told.energy_kwh * 1000 - session.energy_wh) > _NEAR_WH,
        "more energy than its connector gives in that time": not _can_have_flowed(session),
    }
    found = [fact for fact, is_so in facts.items() if is_so]
    if told.amount is not None:
        price = hooks.costs([session.pk], at).get(session.pk)
        if price is not None and abs(told.amount - price.amount) >= _CENT:
            found.append(f"finalAmount: {price.amount} {price.currency} here")
    return found


def _can_have_flowed(session: ChargingSession) -> bool:
    """Whether a connector could give that much: a register may be of another meter."""
    if session.started_at is None or session.stopped_at is None:
        return True
    most_w = (session.connector and session.connector.max_power_w) or _MOST_W
    lasted = max(session.stopped_at - session.started_at, timedelta()) + _LATER
    return session.energy_wh <= most_w * _MORE * (lasted / timedelta(hours=1))


def _keep(session: ChargingSession, told: Told, doubts: list[str], at: datetime) -> None:
    """As a case, which is settled at once where there is nothing to look at."""
    evidence = {**told.said, "gateway": told.gateway, "contradicts": doubts}
    if doubts:
        review.flag(session, CONTRADICTED)
        session.save(update_fields=["needs_review", "review_reasons"])
    review.notice(review.of_session(session, CONTRADICTED, evidence), at=at)
    if not doubts:
        cases = review.open_cases(session).filter(reason=CONTRADICTED)
        review.close(cases, Resolution.COMPLETED_BY_ITSELF, why=_AGREES, at=at)
