"""Periodic work of the gateway: the message log keeps its retention, and has its days ahead."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from cms.shared import clock
from ocpp_gateway import days


@shared_task
def prune_messages() -> None:
    """Make the coming days of the message log, and forget those older than the retention."""
    now = clock.now()
    days.make_ahead(now)
    days.forget(now - timedelta(days=settings.OCPP_MESSAGE_RETENTION_DAYS))
