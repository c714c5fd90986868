"""OCPP 1.6, configuration: what the answers to GetConfiguration and ChangeConfiguration mean."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ocpp_gateway.dispatch import Payload
from stations.models import Command
from stations.services import configuration, configuration_reads, credentials

_TAKEN = ("Accepted", "RebootRequired")


def get_configuration_answered(command: Command, answer: Payload, at: datetime) -> None:
    """Keep what the station told of its settings (section 5.8)."""
    settings = [
        configuration.Setting(_text(entry["key"]), _text(entry.get("value")), _flag(entry))
        for entry in answer.get("configurationKey") or []
    ]
    unknown = [_text(key) for key in answer.get("unknownKey") or []]
    configuration.read(
        station_id=command.station_id, settings=settings, unknown=unknown, at=at, command=command
    )
    configuration_reads.answered(command=command, settings=settings, unknown=unknown, at=at)


def change_configuration_answered(command: Command, answer: Payload, at: datetime) -> None:
    """Keep the new value, where the station took it (section 5.3). A secret is not kept."""
    key, status = command.payload["key"], answer["status"]
    credentials.answered(command=command, status=status, at=at)
    if status in _TAKEN:
        configuration.changed(
            station_id=command.station_id,
            key=key,
            value=command.payload["value"],
            at=at,
            command=command,
            reboot_required=status == "RebootRequired",
        )
    elif status == "NotSupported":
        configuration.refused(station_id=command.station_id, key=key)


def _text(value: Any) -> str:
    """PostgreSQL stores no NUL."""
    return str("" if value is None else value).replace("\x00", "")


def _flag(entry: Payload) -> bool:
    return bool(entry.get("readonly"))
