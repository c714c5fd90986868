"""OCPP 1.6, stations: BootNotification and Heartbeat."""

from __future__ import annotations

from cms.shared import clock
from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import text
from stations.services import stations


def boot_notification(inbound: Inbound) -> Payload:
    """The station started; the answer says whether it is served, and its heartbeat interval."""
    payload = inbound.payload
    report = stations.BootReport(
        vendor=text(payload, "chargePointVendor"),
        model=text(payload, "chargePointModel"),
        serial_number=text(payload, "chargePointSerialNumber"),
        charge_box_serial_number=text(payload, "chargeBoxSerialNumber"),
        firmware_version=text(payload, "firmwareVersion"),
        iccid=text(payload, "iccid"),
        imsi=text(payload, "imsi"),
        meter_type=text(payload, "meterType"),
        meter_serial_number=text(payload, "meterSerialNumber"),
    )
    answer = stations.boot(station_id=inbound.station_id, report=report, at=inbound.at)
    return {
        "status": answer.registration,
        "currentTime": clock.text(inbound.at),
        "interval": answer.interval_s,
    }


def heartbeat(inbound: Inbound) -> Payload:
    """A sign of life, as any frame is; the answer sets the station's clock."""
    return {"currentTime": clock.text(inbound.at)}
