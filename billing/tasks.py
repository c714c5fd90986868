"""Periodic work of billing: each task one service call; the schedule stands in the settings."""

from __future__ import annotations

from celery import shared_task

from billing.services import allowance, bills
from cms.shared import clock


@shared_task
def bill_ended_sessions() -> None:
    """Bill sessions that ended and have no bill."""
    bills.bill_all_ended(at=clock.now())


@shared_task
def stop_used_up_sessions() -> None:
    """Stop sessions whose prepaid wallet is used up."""
    allowance.stop_used_up(at=clock.now())
