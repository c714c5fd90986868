"""Composite schedules: asking a station what it makes of all its profiles, and keeping it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from stations.models import CompositeSchedule, Connector


@transaction.atomic
def read(
    *,
    station_id: int,
    connector_id: int,
    duration_s: int,
    status: str,
    starts_at: datetime | None,
    schedule: dict[str, Any] | None,
    at: datetime,
) -> CompositeSchedule:
    """Keep the station's last answer to GetCompositeSchedule for a connector (section 5.7)."""
    connector = Connector.objects.locked(station_id=station_id, connector_id=connector_id)
    kept, _ = CompositeSchedule.objects.update_or_create(
        connector=connector,
        defaults={
            "status": status[:50],
            "duration_s": max(duration_s, 0),
            "starts_at": starts_at,
            "schedule": schedule,
            "read_at": at,
        },
    )
    return kept
