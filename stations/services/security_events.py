"""Security events: what stations tell of their security; what alarms becomes a review case."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from stations.models import FirmwareUpdate, Outcome, ReviewKind, SecurityEvent
from stations.services import review
from stations.services.review import Sighting

logger = logging.getLogger(__name__)
MOST = 1000  # events kept of one station
# Those the security whitepaper's table of events calls critical.
CRITICAL = (
    "FirmwareUpdated",
    "MemoryExhaustion",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "TamperDetectionActivated",
)
# What every start of every station says; a case of each would hide the others.
_ROUTINE = ("ResetOrReboot", "SettingSystemTime", "StartupOfTheDevice")
_CRITICAL = {name.lower(): name for name in CRITICAL}
_UPDATED_AFTER = timedelta(days=7)  # an update of ours may be installed so much later


class Report(NamedTuple):
    """A SecurityEventNotification: its type, the station's time and the text of it, and details."""

    type: str
    happened_at: datetime
    happened_at_raw: str = ""
    tech_info: str = ""


@transaction.atomic
def record(*, station_id: int, report: Report, at: datetime) -> None:
    """A station reported an event. One that was told before (a retry) is counted, not kept twice.

    A critical one opens a review case, or is counted on it: one for each type at each station.
    """
    known = SecurityEvent.objects.filter(station_id=station_id, **_key(report))
    if known.update(times_seen=F("times_seen") + 1):
        return
    critical = report.type.lower() in _CRITICAL
    try:
        with transaction.atomic():
            SecurityEvent.objects.create(
                station_id=station_id,
                critical=critical,
                happened_at_raw=report.happened_at_raw,
                received_at=at,
                **_key(report),
            )
    except IntegrityError:  # the same, at the same moment, on another socket
        known.update(times_seen=F("times_seen") + 1)
        return
    _drop_oldest(station_id)
    if critical and not _is_expected(station_id, report, at):
        _alarm(station_id, report, at)


def prune(*, before: datetime) -> int:
    """Delete events received before; gives how many."""
    return SecurityEvent.objects.filter(received_at__lt=before).delete()[0]


def _key(report: Report) -> dict[str, object]:
    """What makes two reports the same event."""
    return {
        "happened_at": report.happened_at,
        "type": report.type,
        "tech_info": report.tech_info,
    }


def _drop_oldest(station_id: int) -> None:
    """A station that never stops telling fills no table."""
    rows = SecurityEvent.objects.filter(station_id=station_id).order_by("-id")
    last = rows.values_list("pk", flat=True)[MOST : MOST + 1].first()
    if last is not None:
        rows.filter(pk__lte=last).delete()


def _is_expected(station_id: int, report: Report, at: datetime) -> bool:
    """Whether nobody needs to look: every start says it, or we ordered the update ourselves."""
    name = _CRITICAL[report.type.lower()]
    if name != "FirmwareUpdated":
        return name in _ROUTINE
    ordered = FirmwareUpdate.objects.filter(
        station_id=station_id, requested_at__gt=at - _UPDATED_AFTER
    )
    return ordered.exclude(outcome__in=[Outcome.REFUSED, Outcome.CANCELLED]).exists()


def _alarm(station_id: int, report: Report, at: datetime) -> None:
    name = _CRITICAL[report.type.lower()]
    logger.warning("Station %d reports %s: %r", station_id, name, report.tech_info)
    sighting = Sighting(
        ReviewKind.SECURITY_EVENT,
        f"{station_id}/{name}",
        name,
        station_id,
        evidence={
            "type": report.type,
            "timestamp": report.happened_at.isoformat(),
            "techInfo": report.tech_info,
        },
    )
    review.notice(sighting, at=at)
