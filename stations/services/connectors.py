"""Connectors: their status, in the order in which things happened."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from stations.models import Connector, ConnectorStatus, StatusChange
from stations.services import filing, reservations, sessions


class StatusReport(NamedTuple):
    """What a StatusNotification says; ``reported_at`` is the station's time."""

    connector_id: int
    status: str
    error_code: str
    reported_at: datetime
    reported_at_raw: str = ""
    info: str = ""
    vendor_id: str = ""
    vendor_error_code: str = ""


@transaction.atomic
def set_status(*, station_id: int, report: StatusReport, at: datetime) -> None:
    """Record what a connector reports. An older report than the known one only enters history.

    Raises DomainError for a connector number no connector has.
    """
    is_released = report.status == ConnectorStatus.AVAILABLE and report.connector_id > 0
    if is_released:
        filing.hold(station_id)
    connector = Connector.objects.locked(station_id=station_id, connector_id=report.connector_id)
    StatusChange.objects.create(
        connector=connector,
        status=report.status,
        error_code=report.error_code,
        info=report.info,
        vendor_error_code=report.vendor_error_code,
        reported_at=report.reported_at,
        reported_at_raw=report.reported_at_raw,
        received_at=at,
    )
    if is_released:
        sessions.released(connector=connector, released_at=report.reported_at, at=at)
    # Nothing happens after it is heard: a clock that runs ahead must not hide what comes later.
    happened_at = min(report.reported_at, at)
    if connector.status_at and happened_at < connector.status_at:
        return
    _store(connector, report, happened_at, at)
    if report.status in (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE):
        reservations.cancel_by_fault(connector=connector, status=report.status, at=at)


def prune_status_changes(*, before: datetime) -> int:
    """Delete the history received before ``before``; gives how many rows."""
    return StatusChange.objects.filter(received_at__lt=before).delete()[0]


def _store(connector: Connector, report: StatusReport, happened_at: datetime, at: datetime) -> None:
    connector.status = report.status
    connector.error_code = report.error_code
    connector.info = report.info
    connector.vendor_id = report.vendor_id
    connector.vendor_error_code = report.vendor_error_code
    connector.status_at = happened_at
    connector.status_received_at = at
    connector.save()
