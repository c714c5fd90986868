"""A Channels consumer around the ``ocpp`` package's ChargePoint, as its examples show it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus

from tests.benchmarks.stock.models import MeterValue

_transaction_ids = itertools.count(1)
_COLUMNS = {
    "Energy.Active.Import.Register": ("energy_wh", int),
    "Power.Active.Import": ("power_w", int),
    "Current.Import": ("current_a", float),
    "Voltage": ("voltage_v", float),
    "SoC": ("soc_percent", float),
    "Temperature": ("temperature_c", float),
}


class StockChargePoint(ChargePoint):
    """The system's side of one station; the package routes and validates."""

    @on(Action.boot_notification)
    def on_boot_notification(self, **_: Any) -> call_result.BootNotification:
        """Accept everybody."""
        now = datetime.now(UTC).isoformat()
        return call_result.BootNotification(now, 60, RegistrationStatus.accepted)

    @on(Action.status_notification)
    def on_status_notification(self, **_: Any) -> call_result.StatusNotification:
        """Take note of nothing: only MeterValues are measured."""
        return call_result.StatusNotification()

    @on(Action.start_transaction)
    def on_start_transaction(self, **_: Any) -> call_result.StartTransaction:
        """Give the next transaction id."""
        accepted = IdTagInfo(status=AuthorizationStatus.accepted)
        return call_result.StartTransaction(next(_transaction_ids), accepted)

    @on(Action.meter_values)
    async def on_meter_values(
        self, connector_id: int, meter_value: list[dict[str, Any]], transaction_id: int = 0
    ) -> call_result.MeterValues:
        """Insert a row per set of sampled values, then answer."""
        for element in meter_value:
            await database_sync_to_async(MeterValue.objects.create)(
                station=self.id,
                connector_id=connector_id,
                transaction_id=transaction_id,
                at=datetime.fromisoformat(element["timestamp"]),
                raw=element["sampled_value"],
                **_columns(element["sampled_value"]),
            )
        return call_result.MeterValues()


class StationConsumer(AsyncWebsocketConsumer):
    """One station's socket."""

    async def connect(self) -> None:
        """Accept whoever comes."""
        station = self.scope["url_route"]["kwargs"]["cp_id"]
        self.charge_point = StockChargePoint(station, self)
        await self.accept(subprotocol="ocpp1.6")

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Hand each frame to the package."""
        await self.charge_point.route_message(text_data)


def _columns(sampled: list[dict[str, str]]) -> dict[str, int | float]:
    known = ((_COLUMNS.get(value["measurand"]), value["value"]) for value in sampled)
    return {column[0]: column[1](value) for column, value in known if column}
