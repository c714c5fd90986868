"""Periodic work on stations: each task one service call; the schedule stands in the settings."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from cms.shared import clock
from stations.services import commands, connectors, reservations, stations


@shared_task
def notice_silence() -> None:
    """Take stations offline that said nothing for three heartbeat intervals."""
    stations.notice_silence(at=clock.now())


@shared_task
def expire_reservations() -> None:
    """End reservations nobody used in time."""
    reservations.expire_due(at=clock.now())


@shared_task
def expire_commands() -> None:
    """Close commands nobody will send or answer any more."""
    commands.expire_due(at=clock.now())


@shared_task
def prune_status_changes() -> None:
    """Delete the connectors' history that is older than the message log's retention."""
    days = settings.OCPP_MESSAGE_RETENTION_DAYS
    connectors.prune_status_changes(before=clock.now() - timedelta(days=days))
