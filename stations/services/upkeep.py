"""Upkeep of files and errands: what is over is ended, what is old is deleted."""

from __future__ import annotations

from datetime import datetime

from stations.services import errands, transfers

_IDLE_S = 86400.0  # an upload that did not move for a day is dead; a slow one moves


def expire_due(*, at: datetime) -> int:
    """End errands nobody finished in time, and close their addresses; gives how many errands."""
    transfers.expire_due(at=at)
    return errands.expire_due(at=at)


def prune(*, before: datetime) -> int:
    """Delete files and reports from before ``before``, and files no row knows; gives how many."""
    errands.prune_reports(before=before)
    return transfers.prune(before=before) + transfers.sweep(idle_s=_IDLE_S)
