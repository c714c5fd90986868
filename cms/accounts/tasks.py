"""Periodic work on accounts: tokens that expired need not be remembered."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from cms.shared import audit, clock


@shared_task
def forget_expired_tokens() -> None:
    """Delete the refresh tokens nobody can use any more, revoked or not."""
    call_command("flushexpiredtokens")


@shared_task
def forget_old_audit_entries() -> None:
    """Delete what the audit trail kept for its time."""
    audit.forget(before=clock.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS))
