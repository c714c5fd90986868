"""OCPP 1.6, local lists: what the answers to SendLocalList and GetLocalListVersion mean."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Payload
from stations.models import Command
from stations.services import local_lists

_LARGEST = 2**31 - 1


def send_local_list_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station took the update, or not (section 5.17)."""
    local_lists.update_answered(command=command, status=str(answer["status"]), at=at)


def get_local_list_version_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The version of its list: 0 where it is empty, -1 where it keeps none (section 5.10)."""
    version = min(max(int(answer["listVersion"]), -1), _LARGEST)
    local_lists.version_answered(command=command, version=version, at=at)
