"""Working with dialogs as htmx does: open, press, follow; and the station that answers."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from stations.models import Command, CommandStatus
from stations.services import commands

HTMX = {"HTTP_HX_REQUEST": "true"}


def address(action: str, row: Any) -> str:
    """Where a dialog lives."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{action}", args=[row.pk])


def press(client: Client, action: str, row: Any, **fields: Any) -> str:
    """Fill in a dialog and press its button, as htmx does; gives what it then shows."""
    data = {"token": uuid.uuid4(), **fields}
    response = client.post(address(action, row), data, **HTMX)
    assert response.status_code == 200
    return response.content.decode()


def answer(command: Command, status: str = "Accepted") -> None:
    """The station's part: the command is sent, and answered."""
    now = timezone.now()
    claimed = commands.claim_next(station_id=command.station_id, connection_id="socket", at=now)
    assert claimed == command
    outcome = commands.Outcome(CommandStatus.ANSWERED, {"status": status})
    commands.settle(command_id=command.pk, outcome=outcome, at=now)


def behind(client: Client, tab: str, station: Any) -> str:
    """What the page of a station shows behind one of its tabs."""
    address = reverse(f"admin:stations_chargingstation_{tab}_tab", args=[station.pk])
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def progress(client: Client, command: Command) -> str:
    """The live part of the dialog."""
    return client.get(
        reverse("admin:stations_command_progress", args=[command.pk])
    ).content.decode()
