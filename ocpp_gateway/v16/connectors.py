"""OCPP 1.6, connectors: StatusNotification."""

from __future__ import annotations

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import integer, moment, text
from stations.services import connectors


def status_notification(inbound: Inbound) -> Payload:
    """A connector, or the station itself (0), reports its status; section 4.9."""
    payload = inbound.payload
    reported_at, raw = moment(inbound, payload)
    report = connectors.StatusReport(
        connector_id=integer(payload, "connectorId"),
        status=text(payload, "status", 50),
        error_code=text(payload, "errorCode"),
        reported_at=reported_at,
        reported_at_raw=raw,
        info=text(payload, "info", 500),
        vendor_id=text(payload, "vendorId"),
        vendor_error_code=text(payload, "vendorErrorCode"),
    )
    connectors.set_status(station_id=inbound.station_id, report=report, at=inbound.at)
    return {}
