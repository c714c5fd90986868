"""Rows of the admin's world that no test names: of a station's security, and a bill."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from billing.models import SessionBill, Tariff
from stations.models import (
    ChargingSession,
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


def a_bill(session: ChargingSession, tariff: Tariff) -> SessionBill:
    """What it cost: nothing."""
    nothing = {"net": 0, "tax": 0, "gross": 0, "charging_seconds": 0, "idle_seconds": 0}
    return SessionBill.objects.create(
        session=session,
        revision=1,
        version=tariff.versions.get(),
        currency="EUR",
        energy_wh=0,
        ended_at=timezone.now(),
        billed_at=timezone.now(),
        **nothing,
    )
