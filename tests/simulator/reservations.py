"""Reservations as a station honours them (OCPP 1.6 sections 3.8, 5.2 and 5.13)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.simulator.charge_point import ChargePoint
    from tests.simulator.connector import Connector


class Reservation(NamedTuple):
    """A connector (0: any one of the station) kept for a card until ``expires_at``."""

    id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str
    expires_at: datetime

    def is_for(self, id_tag: str, parent_id_tag: str = "") -> bool:
        """Whether the card, or its group, may use it; letter case does not matter."""
        if self.id_tag.lower() == id_tag.lower():
            return True
        return bool(parent_id_tag) and self.parent_id_tag.lower() == parent_id_tag.lower()


class Reservations:
    """All reservations of one station, at most one per connector and one for connector 0."""

    def __init__(self, station: ChargePoint):
        self._station = station
        self._kept: dict[int, Reservation] = {}

    def at(self, connector_id: int) -> Reservation | None:
        """The reservation of a connector, or of connector 0."""
        return self._kept.get(connector_id)

    def reserve(self, reservation: Reservation) -> str:
        """Keep it, or say why not: the status of ReserveNow."""
        obstacle = self._obstacle(reservation)
        if obstacle:
            return obstacle
        self.end(reservation.id)  # the same id again replaces it (5.13)
        self._kept[reservation.connector_id] = reservation
        self._station.life.spawn(self._expire(reservation))
        self._refresh(reservation.connector_id)
        return "Accepted"

    def end(self, reservation_id: int) -> bool:
        """Cancel, use up or expire one; says whether it was there."""
        for connector_id, kept in list(self._kept.items()):
            if kept.id == reservation_id:
                del self._kept[connector_id]
                self._refresh(connector_id)
                return True
        return False

    def drop(self, connector_id: int) -> None:
        """The connector became Faulted or Unavailable: its reservation ends (3.8)."""
        self._kept.pop(connector_id, None)

    def usable(self, connector: Connector, id_tag: str, parent_id_tag: str = "") -> bool:
        """Whether this card may start here, given all that is reserved."""
        own = self._kept.get(connector.id)
        if own is not None:
            return own.is_for(id_tag, parent_id_tag)
        anywhere = self._kept.get(0)
        if anywhere is None or anywhere.is_for(id_tag, parent_id_tag):
            return True
        return any(other is not connector for other in self._free())  # one must stay free

    def used_by(self, connector: Connector, id_tag: str, parent_id_tag: str = "") -> int | None:
        """The id of the reservation a start here uses up, if it uses one."""
        for kept in (self._kept.get(connector.id), self._kept.get(0)):
            if kept is not None and kept.is_for(id_tag, parent_id_tag):
                return kept.id
        return None

    def _free(self) -> list[Connector]:
        return [
            connector
            for connector in self._station.connectors.values()
            if connector.status == "Available"
        ]

    def _obstacle(self, wanted: Reservation) -> str:
        """Why not, as ReserveNow says it; empty where nothing stands in the way."""
        if wanted.connector_id == 0:
            return self._obstacle_anywhere(wanted)
        connector = self._station.connectors.get(wanted.connector_id)
        if connector is None:
            return "Rejected"
        if connector.status in ("Faulted", "Unavailable"):
            return connector.status
        kept = self._kept.get(wanted.connector_id)
        replaces = kept is not None and kept.id == wanted.id
        return "" if replaces or connector.status == "Available" else "Occupied"

    def _obstacle_anywhere(self, wanted: Reservation) -> str:
        if not self._station.configuration.flag("ReserveConnectorZeroSupported"):
            return "Rejected"
        kept = self._kept.get(0)
        taken = kept is not None and kept.id != wanted.id
        return "Occupied" if taken or not self._free() else ""

    def _refresh(self, connector_id: int) -> None:
        if connector_id in self._station.connectors:
            self._station.connectors[connector_id].refresh()

    async def _expire(self, reservation: Reservation) -> None:
        left = reservation.expires_at - self._station.clock.now()
        await self._station.clock.sleep(max(left.total_seconds(), 0.0))
        if self._kept.get(reservation.connector_id) is reservation:
            self.end(reservation.id)
