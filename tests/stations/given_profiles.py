"""Charging profiles for tests: in OCPP's words, and by name."""

from __future__ import annotations

from typing import Any

from stations.models import ChargingProfile, ChargingStation, Command, ProfileAssignment
from stations.services import assignments, charging_profiles, configuration
from stations.services.assignments import Asker
from tests.stations import given

PERIODS = [{"startPeriod": 0, "limit": 16}, {"startPeriod": 3600, "limit": 10.5}]


def in_ocpp(purpose: str = "TxDefaultProfile", number: int = 7, **more: Any) -> dict[str, Any]:
    """csChargingProfiles."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        **more,
        "chargingSchedule": {**schedule, **more.get("chargingSchedule", {})},
    }


def named(name: str = "Night", **fields: Any) -> ChargingProfile:
    """One an operator defined."""
    return charging_profiles.define(**{"name": name, "periods": PERIODS, **fields})


def asker(minute: float = 0, **more: Any) -> Asker:
    """Somebody who asks at ``minute``."""
    return Asker(given.after(minute), **more)


def send(
    station: ChargingStation, *, connector: int = 1, minute: float = 0, **profile: Any
) -> ProfileAssignment:
    """Sent, in OCPP's words; not answered yet."""
    sent = in_ocpp(**profile)
    return assignments.send(station=station, connector_id=connector, sent=sent, asker=asker(minute))


def answer(row: ProfileAssignment | Command, status: str = "Accepted", minute: float = 1) -> None:
    """The station's answer to what sent it."""
    command_id = row.command_id if isinstance(row, ProfileAssignment) else row.pk
    assert command_id is not None
    assignments.answered(command_id=command_id, status=status, at=given.after(minute))


def in_force(station: ChargingStation, **how: Any) -> ProfileAssignment:
    """Sent and accepted."""
    row = send(station, **how)
    answer(row)
    return row


def told(station: ChargingStation, key: str, value: str) -> None:
    """The station told of one of its settings."""
    configuration.changed(station_id=station.pk, key=key, value=value, at=given.NOON)


def state(row: ProfileAssignment) -> str:
    """Its state now."""
    return str(ProfileAssignment.objects.get(pk=row.pk).state)
