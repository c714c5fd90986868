"""Rows of the admin's world that no test names: of a station's security, of cards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from auditlog.models import LogEntry
from django.utils import timezone

from cms.shared import audit
from rfid.models import CardImport
from stations.models import (
    CardCapture,
    ChargingStation,
    InstalledCertificate,
    ProfileUpgrade,
    SecurityEvent,
    StationCertificate,
    UnknownCard,
)


def security_rows(station: ChargingStation) -> list[Any]:
    """What is shown of a station's security: one of each."""
    known = {"station": station}
    now = timezone.now()
    audit.note(station, "Looked at")
    return [
        LogEntry.objects.get_for_object(station).get(),
        SecurityEvent.objects.create(type="Tamper", happened_at=now, received_at=now, **known),
        StationCertificate.objects.create(csr="x", requested_at=now, **known),
        InstalledCertificate.objects.create(kind="CentralSystemRootCertificate", **known),
        ProfileUpgrade.objects.create(
            from_profile=1, to_profile=2, step="Profile", step_at=now, requested_at=now, **known
        ),
    ]


def card_rows(station: ChargingStation, user: Any) -> list[Any]:
    """A card nobody knows, and somebody who waits for one."""
    now = timezone.now()
    seen = {"first_seen_at": now, "last_seen_at": now, "id_tag": "STRANGER"}
    until = now + timedelta(minutes=1)
    return [
        UnknownCard.objects.create(kind="UnknownCard", subject="STRANGER", station=station, **seen),
        CardCapture.objects.create(
            station=station,
            asked_by=user,
            asked_by_name=user.get_username(),
            asked_at=now,
            expires_at=until,
        ),
        CardImport.objects.create(
            name="cards.csv",
            content=b"UID\n04AA0001\n",
            headings=["UID"],
            samples=[["04AA0001"]],
            columns=["number"],
            by=user,
            by_name=user.get_username(),
            uploaded_at=now,
        ),
    ]
