"""Happenings: what people hear of while they look at something else, kept for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from stations import events
from stations.models import Happening, HappeningKind

_WIDTH = 255


def note(kind: HappeningKind, *, station_id: int, at: datetime, **more: Any) -> None:
    """It happened at this station. ``more``: connector_id, number, detail, outcome."""
    note_all(kind, station_ids=[station_id], at=at, **more)


def note_all(
    kind: HappeningKind,
    *,
    station_ids: Iterable[int],
    at: datetime,
    detail: str = "",
    **more: Any,
) -> None:
    """The same happened at several stations."""
    rows = [
        Happening(kind=kind, station_id=number, at=at, detail=detail[:_WIDTH], **more)
        for number in station_ids
    ]
    if rows:
        Happening.objects.bulk_create(rows)
        events.network_changed()


def prune(*, before: datetime) -> int:
    """Delete what happened before ``before``; gives how many."""
    return Happening.objects.filter(at__lt=before).delete()[0]
