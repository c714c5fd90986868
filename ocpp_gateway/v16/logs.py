"""OCPP 1.6, logs: how far an upload is, and what the answers to our requests mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.firmware import reported
from stations.models import Command, Subject
from stations.services import errands


def diagnostics_status_notification(inbound: Inbound) -> Payload:
    """How far the station is with its diagnostics; section 4.4."""
    return reported(inbound, Subject.DIAGNOSTICS)


def log_status_notification(inbound: Inbound) -> Payload:
    """How far it is with a log; security whitepaper, section 5.12."""
    return reported(inbound, Subject.LOG)


def get_diagnostics_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The name of the file that will come; without one there is nothing to send (section 5.9)."""
    errands.answered(
        command=command, status="Accepted", at=at, file_name=answer.get("fileName") or None
    )


def get_log_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station sends the log, maybe instead of another one, or refuses."""
    name = str(answer.get("filename") or "")
    errands.answered(command=command, status=answer["status"], at=at, file_name=name)
