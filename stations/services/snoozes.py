"""Snoozes: somebody has seen what needs attention, and wants to hear of it again later."""

from __future__ import annotations

from datetime import datetime, timedelta

from stations import events
from stations.models import Snooze

LENGTH = timedelta(hours=1)


def snooze(*, kind: str, subject: int, by_id: int, at: datetime) -> Snooze:
    """Hide this from the work queue for an hour from ``at``; again: for an hour from now."""
    row, _ = Snooze.objects.update_or_create(
        kind=kind, subject=subject, defaults={"until": at + LENGTH, "by_id": by_id}
    )
    events.network_changed()
    return row


def wake(*, kind: str, subject: int) -> None:
    """Show it again now."""
    Snooze.objects.filter(kind=kind, subject=subject).delete()
    events.network_changed()


def prune(*, at: datetime) -> int:
    """Delete those that are over; gives how many."""
    return Snooze.objects.filter(until__lte=at).delete()[0]
