"""OCPP 1.6, smart charging: what the answers to our charging profiles mean (3.13)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from cms.shared import clock
from ocpp_gateway.dispatch import Payload
from stations.models import Command
from stations.services import assignments, composites


def profile_answered(command: Command, answer: Payload, at: datetime) -> None:
    """SetChargingProfile: section 5.16."""
    assignments.answered(command_id=command.pk, status=str(answer["status"]), at=at)


def clear_charging_profile_answered(command: Command, answer: Payload, at: datetime) -> None:
    """What matched is gone, and what the station does not know was not there (section 5.5)."""
    assignments.cleared(
        station_id=command.station_id,
        criteria=command.payload,
        status=str(answer["status"]),
        at=at,
    )


def get_composite_schedule_answered(command: Command, answer: Payload, at: datetime) -> None:
    """Keep what the station makes of all its profiles (section 5.7)."""
    starts_at = None
    with suppress(ValueError):
        starts_at = clock.parse(str(answer.get("scheduleStart", "")), zone=command.station.zone)
    composites.read(
        station_id=command.station_id,
        connector_id=command.payload["connectorId"],
        duration_s=command.payload["duration"],
        status=str(answer["status"]),
        starts_at=starts_at,
        schedule=answer.get("chargingSchedule"),
        at=at,
    )
