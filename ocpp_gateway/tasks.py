"""Periodic work of the gateway: the message log keeps its retention."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from cms.shared import clock
from ocpp_gateway.models import OcppMessage

_MOST = 10_000  # rows deleted in one statement: others write in between


@shared_task
def prune_messages() -> None:
    """Delete messages older than the retention, a bounded number at a time until none is left."""
    before = clock.now() - timedelta(days=settings.OCPP_MESSAGE_RETENTION_DAYS)
    while True:
        old = OcppMessage.objects.filter(at__lt=before).order_by("at").values("pk")[:_MOST]
        if not OcppMessage.objects.filter(pk__in=old).delete()[0]:
            return
