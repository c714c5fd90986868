"""OCPP 1.6, firmware: status notifications, plain and signed, and what answers to updates mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import integer, text
from stations.models import Command, Subject
from stations.models.errands import STATUS_WIDTH
from stations.services import errands


def firmware_status_notification(inbound: Inbound) -> Payload:
    """How far the station is with its new firmware; section 4.5."""
    return reported(inbound, Subject.FIRMWARE)


def signed_firmware_status_notification(inbound: Inbound) -> Payload:
    """The same of a signed update; security whitepaper, section 5.20."""
    return reported(inbound, Subject.SIGNED_FIRMWARE)


def update_firmware_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station will do it; the answer is empty (section 5.19)."""
    errands.answered(command=command, status="Accepted", at=at)


def signed_update_firmware_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station will do it, or says why not, such as InvalidCertificate."""
    errands.answered(command=command, status=answer["status"], at=at)


def reported(inbound: Inbound, subject: Subject) -> Payload:
    """Keep a status, whichever word it is; the answer is empty."""
    payload = inbound.payload
    request_id = integer(payload, "requestId") if "requestId" in payload else None
    errands.said(
        station_id=inbound.station_id,
        subject=subject,
        status=text(payload, "status", STATUS_WIDTH),
        request_id=request_id,
        at=inbound.at,
    )
    return {}
