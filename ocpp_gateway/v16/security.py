"""OCPP 1.6, security whitepaper: events, requests for certificates, and what answers mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import moment, text
from stations.models import Command
from stations.models.security import INFO_WIDTH, TYPE_WIDTH
from stations.services import installed, issuing, security_events


def security_event_notification(inbound: Inbound) -> Payload:
    """Something about the station's security happened; the answer is empty (section 4.7)."""
    happened_at, raw = moment(inbound, inbound.payload)
    report = security_events.Report(
        type=text(inbound.payload, "type", TYPE_WIDTH).replace("\x00", ""),
        happened_at=happened_at,
        happened_at_raw=raw,
        tech_info=text(inbound.payload, "techInfo", INFO_WIDTH).replace("\x00", ""),
    )
    security_events.record(station_id=inbound.station_id, report=report, at=inbound.at)
    return {}


def sign_certificate(inbound: Inbound) -> Payload:
    """The station asks for a certificate; it comes after this answer (CertificateSigned)."""
    csr = str(inbound.payload["csr"]).replace("\x00", "")
    taken = issuing.requested(station_id=inbound.station_id, csr=csr, at=inbound.at)
    return {"status": "Accepted" if taken else "Rejected"}


def sign_certificate_answered(inbound: Inbound) -> None:
    """The station has our answer: now its certificate is signed and sent."""
    issuing.issue_due(station_id=inbound.station_id, at=inbound.at)


def certificate_signed_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station uses its new certificate, or refuses it."""
    issuing.answered(command=command, status=str(answer["status"]), at=at)


def install_certificate_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station trusts one more, or says why not."""
    installed.installed(command=command, status=str(answer["status"]), at=at)


def delete_certificate_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station trusts one less."""
    installed.deleted(command=command, status=str(answer["status"]), at=at)


def get_installed_certificate_ids_answered(command: Command, answer: Payload, at: datetime) -> None:
    """All it trusts of this kind; with NotFound that is nobody."""
    named = [installed.of_json(each) for each in answer.get("certificateHashData") or []]
    installed.listed(command=command, named=named, at=at)
