"""Periodic work on cards: each task one service call; the schedule stands in the settings."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from cms.shared import background, clock
from rfid.services import import_work, imports

_KEPT = timedelta(days=1)


@shared_task
def prune_imports() -> None:
    """Forget files of cards that nobody confirmed within a day."""
    imports.prune(before=clock.now() - _KEPT)


@shared_task
def carry_out_imports() -> None:
    """Look at tables of cards and import them, also those whose worker was killed."""
    background.aside("imports", lambda: import_work.carry_out_due(now=clock.now))
