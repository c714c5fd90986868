"""Rows of the admin's world that no test names: of a station's security."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from stations.models import (
    ChargingStation,
    InstalledCertificate,
    ProfileUpgrade,
    SecurityEvent,
    StationCertificate,
)


def security_rows(station: ChargingStation) -> list[Any]:
    """What is shown of a station's security: one of each."""
    known = {"station": station}
    now = timezone.now()
    return [
        SecurityEvent.objects.create(type="Tamper", happened_at=now, received_at=now, **known),
        StationCertificate.objects.create(csr="x", requested_at=now, **known),
        InstalledCertificate.objects.create(kind="CentralSystemRootCertificate", **known),
        ProfileUpgrade.objects.create(
            from_profile=1, to_profile=2, step="Profile", step_at=now, requested_at=now, **known
        ),
    ]
