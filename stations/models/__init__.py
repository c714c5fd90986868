"""The facts: a module per noun."""

from __future__ import annotations

from stations.models.commands import Command, CommandStatus
from stations.models.connectors import Connector, ConnectorStatus, StatusChange
from stations.models.metering import MeterValue
from stations.models.reservations import Reservation, ReservationStatus
from stations.models.sessions import ChargingSession, SessionStatus
from stations.models.stations import ChargingStation, ConfigurationKey, Registration, Site

__all__ = [
    "ChargingSession",
    "ChargingStation",
    "Command",
    "CommandStatus",
    "ConfigurationKey",
    "Connector",
    "ConnectorStatus",
    "MeterValue",
    "Registration",
    "Reservation",
    "ReservationStatus",
    "SessionStatus",
    "Site",
    "StatusChange",
]
