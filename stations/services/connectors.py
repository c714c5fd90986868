"""Connectors: their status, in the order in which things happened."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from cms.shared import bulk
from stations import events
from stations.models import Connector, ConnectorStatus, HappeningKind, StatusChange
from stations.services import filing, happenings, reservations, sessions

_HISTORY_COLUMNS = {
    "connector_id": "bigint",
    "status": "text",
    "error_code": "text",
    "info": "text",
    "vendor_error_code": "text",
    "reported_at": "timestamptz",
    "reported_at_raw": "text",
    "received_at": "timestamptz",
}
_HISTORY = """
INSERT INTO stations_statuschange (connector_id, status, error_code, info, vendor_error_code,
  reported_at, reported_at_raw, received_at)
SELECT v.* FROM {values}
WHERE NOT EXISTS (SELECT 1 FROM stations_statuschange c
                  WHERE c.connector_id = v.connector_id AND c.reported_at = v.reported_at
                    AND c.status = v.status AND c.error_code = v.error_code AND c.info = v.info
                    AND c.vendor_error_code = v.vendor_error_code)
"""


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
    """Record what a connector reports. An older report than the known one only enters history,

    a repeated one (stations retry) not even that.
    Raises DomainError for a connector number no connector has.
    """
    is_released = report.status == ConnectorStatus.AVAILABLE and report.connector_id > 0
    if is_released:
        filing.hold(station_id)
    connector = Connector.objects.locked(station_id=station_id, connector_id=report.connector_id)
    _enter_history(connector, report, at)
    if is_released:
        sessions.released(connector=connector, released_at=report.reported_at, at=at)
    # Nothing happens after it is heard: a clock that runs ahead must not hide what comes later.
    happened_at = min(report.reported_at, at)
    if connector.status_at and happened_at < connector.status_at:
        return
    _store(connector, report, happened_at, at)
    events.station_changed(station_id)
    if report.status in (ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE):
        reservations.cancel_by_fault(connector=connector, status=report.status, at=at)


def prune_status_changes(*, before: datetime) -> int:
    """Delete the history received before ``before``; gives how many rows."""
    return StatusChange.objects.filter(received_at__lt=before).delete()[0]


def _enter_history(connector: Connector, report: StatusReport, at: datetime) -> None:
    row = (
        *(connector.pk, report.status, report.error_code, report.info, report.vendor_error_code),
        *(report.reported_at, report.reported_at_raw, at),
    )
    bulk.run([bulk.Step(_HISTORY, _HISTORY_COLUMNS, [row])])


def _store(connector: Connector, report: StatusReport, happened_at: datetime, at: datetime) -> None:
    is_new = connector.status != report.status
    if is_new:
        connector.status_since = at
    connector.status = report.status
    connector.error_code = report.error_code
    connector.info = report.info
    connector.vendor_id = report.vendor_id
    connector.vendor_error_code = report.vendor_error_code
    connector.status_at = happened_at
    connector.status_received_at = at
    connector.save()
    if is_new:
        events.network_changed()
    if is_new and report.status == ConnectorStatus.FAULTED:
        happenings.note(
            HappeningKind.FAULT,
            station_id=connector.station_id,
            at=at,
            connector_id=connector.connector_id,
            detail=report.error_code,
            outcome=report.vendor_error_code[:50],
        )
