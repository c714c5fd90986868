"""Charging profiles: what operators define by name, to be used at any number of stations."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from cms.shared.errors import Conflict, DomainError
from stations.models import ChargingProfile
from stations.services import schedules


def define(**fields: Any) -> ChargingProfile:
    """A new named profile. Raises DomainError for what no station may get, Conflict for a name

    that is taken.
    """
    return _kept(ChargingProfile(**fields))


def change(*, profile: ChargingProfile, **fields: Any) -> ChargingProfile:
    """Change it for later use; what stations have of it stays. Raises as ``define``."""
    for name, value in fields.items():
        setattr(profile, name, value)
    return _kept(profile)


def delete(*, profile: ChargingProfile) -> None:
    """Remove a named profile; what stations have of it stays, without the name."""
    profile.delete()


def check(profile: ChargingProfile) -> None:
    """Raise DomainError where no station may get ``profile``. Absolute and recurring ones need a

    start: without one they would run from the start of charging, which is what Relative says.
    """
    schedules.check(profile.as_sent(1))
    if profile.kind != "Relative" and profile.start_schedule is None:
        raise DomainError.of_field(
            "startSchedule",
            "is needed for a profile that is %(kind)s",
            prefix="chargingSchedule.",
            kind=profile.kind,
        )


def _kept(profile: ChargingProfile) -> ChargingProfile:
    check(profile)
    try:
        with transaction.atomic():
            profile.save()
    except IntegrityError:
        raise Conflict(
            "A profile is named %(profile)s already",
            fields={"name": ["exists already"]},
            profile=profile.name,
        ) from None
    return profile
