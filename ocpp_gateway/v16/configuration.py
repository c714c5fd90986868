"""OCPP 1.6, configuration: what the answers to GetConfiguration and ChangeConfiguration mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Payload
from stations.models import Command
from stations.services import configuration

_TAKEN = ("Accepted", "RebootRequired")


def get_configuration_answered(command: Command, answer: Payload, at: datetime) -> None:
    """Keep what the station told of its settings (section 5.8)."""
    configuration.read(
        station_id=command.station_id,
        settings=[
            configuration.Setting(
                str(entry["key"]), str(entry.get("value") or ""), bool(entry.get("readonly"))
            )
            for entry in answer.get("configurationKey") or []
            if not configuration.is_secret(entry["key"])
        ],
        at=at,
    )


def change_configuration_answered(command: Command, answer: Payload, at: datetime) -> None:
    """Keep the new value, where the station took it (section 5.3). A secret is not kept."""
    key = command.payload["key"]
    if answer["status"] in _TAKEN and not configuration.is_secret(key):
        configuration.changed(
            station_id=command.station_id, key=key, value=command.payload["value"], at=at
        )
