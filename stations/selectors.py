"""Reads that cross models, as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Model, OuterRef, Prefetch, QuerySet, Subquery

from cms.shared.errors import NotFound
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    MeterValue,
    Reservation,
)

Row = TypeVar("Row", bound=Model)
# One short index scan per session, whatever its length; a window function would read them whole.
_LAST_OF_ONE = (
    "SELECT * FROM (SELECT * FROM stations_metervalue WHERE session_id = %s"
    " ORDER BY sampled_at DESC, id DESC LIMIT %s) AS newest"
)


def station_named(cp_id: str) -> ChargingStation:
    """The station with this identity, letter case ignored. Raises NotFound."""
    return _one(ChargingStation.objects.named(cp_id), "Station")


def station_in_full(cp_id: str) -> ChargingStation:
    """The same with its site, connectors and own status. Raises NotFound."""
    return _one(stations().filter(pk__in=ChargingStation.objects.named(cp_id)), "Station")


def stations() -> QuerySet[ChargingStation]:
    """Stations with site and connectors; ``own_status`` is what number 0 last reported."""
    itself = Connector.objects.filter(station=OuterRef("pk"), connector_id=0)
    outlets = Connector.objects.filter(connector_id__gt=0).order_by("connector_id")
    return (
        ChargingStation.objects.select_related("site")
        .annotate(own_status=Subquery(itself.values("status")[:1]))
        .prefetch_related(Prefetch("connectors", outlets, to_attr="outlets"))
    )


def connected() -> QuerySet[ChargingStation]:
    """Stations that are online with an open socket."""
    return ChargingStation.objects.filter(online=True).exclude(connection_id="")


def sessions() -> QuerySet[ChargingSession]:
    """Sessions with their station and connector."""
    return ChargingSession.objects.select_related("station", "connector")


def session(transaction_id: int) -> ChargingSession:
    """One of them. Raises NotFound."""
    return _one(sessions().filter(pk=transaction_id), "Session")


def last_meter_values(session_ids: Iterable[int], *, each: int) -> dict[int, list[MeterValue]]:
    """The newest ``each`` meter values of some sessions (at most 500), oldest first."""
    found: dict[int, list[MeterValue]] = {session_id: [] for session_id in session_ids}
    if found:
        sql = " UNION ALL ".join([_LAST_OF_ONE] * len(found))
        limits = [number for session_id in found for number in (session_id, each)]
        for value in MeterValue.objects.raw(sql, limits):
            found[value.session_id or 0].append(value)
    for values in found.values():
        values.sort(key=lambda value: (value.sampled_at, value.pk))
    return found


def reservations() -> QuerySet[Reservation]:
    """Reservations with their station and connector."""
    return Reservation.objects.select_related("station", "connector")


def reservation(reservation_id: int) -> Reservation:
    """One of them. Raises NotFound."""
    return _one(reservations().filter(pk=reservation_id), "Reservation")


def commands() -> QuerySet[Command]:
    """Commands with their station and who asked for them."""
    return Command.objects.select_related("station", "requested_by")


def command(command_id: int) -> Command:
    """One of them. Raises NotFound."""
    return _one(commands().filter(pk=command_id), "Command")


def _one(rows: QuerySet[Row], what: str) -> Row:
    row = rows.first()
    if row is None:
        raise NotFound(f"{what} not found")
    return row
