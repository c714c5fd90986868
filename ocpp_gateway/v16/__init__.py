"""OCPP 1.6 as three tables: CALLS we answer, COMMANDS we ask, ANSWERS and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from ocpp_gateway.dispatch import Alone, AtOnce, Payload, Route, Shared
from ocpp_gateway.v16 import (
    configuration,
    connectors,
    metering,
    reservations,
    sessions,
    stations,
)
from stations.models import Command

CALLS: dict[str, Route] = {
    "Authorize": Alone(sessions.authorize),
    "BootNotification": Alone(stations.boot_notification),
    "DataTransfer": AtOnce(stations.data_transfer),
    "Heartbeat": AtOnce(stations.heartbeat),
    "MeterValues": Shared(metering.meter_values, metering.record),
    "StartTransaction": Alone(sessions.start_transaction),
    "StatusNotification": Alone(connectors.status_notification),
    "StopTransaction": Alone(sessions.stop_transaction),
}
# Not OCPP 1.6, but what the prior gateway offered its stations (OCPP_STATION_RESERVATIONS).
STATION_RESERVATIONS: dict[str, Route] = {
    "CancelReservation": Alone(reservations.cancel_reservation),
    "ReserveNow": Alone(reservations.reserve_now),
}


class CommandRoute(NamedTuple):
    """Something we ask of a station: its names in the API, and what an empty body means."""

    path: tuple[str, ...]
    defaults: dict[str, Any] = {}


COMMANDS: dict[str, CommandRoute] = {
    "CancelReservation": CommandRoute(("cancel-reservation",)),
    "ChangeAvailability": CommandRoute(("change-availability",)),
    "ChangeConfiguration": CommandRoute(("change-configuration",)),
    "ClearCache": CommandRoute(("clear-cache",)),
    "DataTransfer": CommandRoute(("data-transfer",)),
    "GetConfiguration": CommandRoute(("get-configuration",)),
    "RemoteStartTransaction": CommandRoute(("start-transaction", "remote-start-transaction")),
    "RemoteStopTransaction": CommandRoute(("stop-transaction", "remote-stop-transaction")),
    "ReserveNow": CommandRoute(("reserve-now",)),
    "Reset": CommandRoute(("reset",), {"type": "Soft"}),
    "TriggerMessage": CommandRoute(("trigger-message",)),
    "UnlockConnector": CommandRoute(("unlock-connector",)),
}

ANSWERS: dict[str, Callable[[Command, Payload, datetime], None]] = {
    "CancelReservation": reservations.cancel_reservation_answered,
    "ChangeConfiguration": configuration.change_configuration_answered,
    "GetConfiguration": configuration.get_configuration_answered,
    "ReserveNow": reservations.reserve_now_answered,
}
