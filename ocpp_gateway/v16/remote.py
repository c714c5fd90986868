"""OCPP 1.6, remote control: what the answers to our remote starts and stops mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Payload
from stations.models import Command
from stations.services import effects


def remote_start_transaction_answered(command: Command, answer: Payload, at: datetime) -> None:
    """RemoteStartTransaction, perhaps with a profile: section 5.11."""
    effects.remote_start_answered(command=command, status=str(answer["status"]), at=at)


def remote_stop_transaction_answered(command: Command, answer: Payload, at: datetime) -> None:
    """RemoteStopTransaction: section 5.12."""
    effects.remote_stop_answered(command=command, status=str(answer["status"]), at=at)
