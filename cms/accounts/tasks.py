"""Periodic work on accounts: mails go out, tokens that expired are forgotten."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from cms.accounts import sending
from cms.shared import audit, background, clock


@shared_task
def send_mails() -> None:
    """Send the mails about accounts that are due."""
    background.aside("mails", lambda: sending.send_due(now=clock.now))


@shared_task
def forget_expired_tokens() -> None:
    """Delete the refresh tokens nobody can use any more, revoked or not."""
    call_command("flushexpiredtokens")


@shared_task
def forget_old_audit_entries() -> None:
    """Delete what the audit trail kept for its time."""
    audit.forget(before=clock.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS))
