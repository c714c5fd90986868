"""Periodic work of billing: each task one service call; the schedule stands in the settings."""

from __future__ import annotations

import logging

from celery import shared_task

from billing.errors import NoIssuer
from billing.services import (
    allowance,
    bills,
    fitting,
    invoices,
    payment_refunds,
    payment_steps,
    payments,
    report_exports,
)
from cms.shared import background, clock

logger = logging.getLogger(__name__)


@shared_task
def bill_ended_sessions() -> None:
    """Bill sessions that ended and have no bill."""
    bills.bill_all_ended(at=clock.now())


@shared_task
def look_at_bills_again() -> None:
    """Find bills that no longer fit what is known of their sessions."""
    fitting.look_at_all(at=clock.now())


@shared_task
def stop_used_up_sessions() -> None:
    """Stop sessions whose prepaid wallet is used up."""
    allowance.stop_used_up(at=clock.now())


@shared_task
def decide_payments() -> None:
    """Have captured what billed sessions cost, and let go of what nobody used."""
    payments.decide(at=clock.now())


@shared_task
def drive_payments() -> None:
    """Ask providers what is due to be asked of payments."""
    payment_steps.drive_due(at=clock.now())


@shared_task
def drive_refunds() -> None:
    """Ask providers what is due to be asked of refunds."""
    payment_refunds.drive_due(at=clock.now())


@shared_task
def issue_invoices() -> None:
    """Invoice the months that are over, for everybody who is due."""
    try:
        invoices.issue_due(at=clock.now())
    except NoIssuer as error:
        _say_once(f"No invoices are issued: {error}")


_said: set[str] = set()


def _say_once(text: str) -> None:
    """As a warning the first time; a system that issues no invoices has nothing to complain of."""
    logger.log(logging.DEBUG if text in _said else logging.WARNING, text)
    _said.add(text)


@shared_task
def make_report_exports() -> None:
    """Make the exports that wait, and those whose maker was killed."""
    background.aside("exports", lambda: report_exports.make_due(now=clock.now))


@shared_task
def expire_report_exports() -> None:
    """Delete exports that are past their time."""
    report_exports.expire(at=clock.now())
