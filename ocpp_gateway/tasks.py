"""Periodic work of the gateway: the message log keeps its retention."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from cms.shared import clock
from ocpp_gateway.models import OcppMessage

_MOST = 10_000  # rows deleted in one statement; the rest waits for the next run


@shared_task
def prune_messages() -> None:
    """Delete messages older than the retention, a bounded number in one go."""
    before = clock.now() - timedelta(days=settings.OCPP_MESSAGE_RETENTION_DAYS)
    old = OcppMessage.objects.filter(at__lt=before).order_by("at").values("pk")[:_MOST]
    OcppMessage.objects.filter(pk__in=old).delete()
