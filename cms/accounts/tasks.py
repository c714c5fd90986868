"""Periodic work on accounts: tokens that expired need not be remembered."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_expired_tokens() -> None:
    """Delete the refresh tokens nobody can use any more, revoked or not."""
    call_command("flushexpiredtokens")
