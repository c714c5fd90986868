"""How the energy of a session lies over the hours: arithmetic, without rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

HOUR = timedelta(hours=1)
_GAP = timedelta(days=7)  # over a longer silence nothing is drawn evenly
_MOMENT = timedelta(microseconds=1)

Point = tuple[datetime, int]


def hour_of(at: datetime) -> datetime:
    """When the hour of ``at`` (UTC) began."""
    return at.replace(minute=0, second=0, microsecond=0)


def spread(
    *, begun: datetime, ended: datetime, total_wh: int, points: Iterable[Point]
) -> dict[datetime, int]:
    """The Wh of each hour with any; they add up to ``total_wh``, whatever the points say.

    ``points``: what was charged since ``begun`` (Wh), at moments in any order. Between two of them
    it is taken to flow evenly; over more than a week it all counts where it was read.
    """
    if total_wh <= 0:
        return {}
    ended = max(begun, ended)
    hours: dict[datetime, int] = {}
    for earlier, later in pairwise(_curve(begun, ended, total_wh, points)):
        for hour, energy_wh in _between(earlier, later):
            if energy_wh:
                hours[hour] = hours.get(hour, 0) + energy_wh
    return hours


def _curve(begun: datetime, ended: datetime, total_wh: int, points: Iterable[Point]) -> list[Point]:
    """From nothing at the beginning to everything at the end, and never back."""
    curve = [(begun, 0)]
    for at, energy_wh in sorted(points):
        if begun <= at <= ended:
            curve.append((at, min(max(energy_wh, curve[-1][1]), total_wh)))
    return [*curve, (ended, total_wh)]


def _between(earlier: Point, later: Point) -> Iterable[Point]:
    (since, before), (until, after) = earlier, later
    last = hour_of(max(until - _MOMENT, since))  # what is read on the hour flowed before it
    if after == before:
        return
    if until - since > _GAP:
        yield last, after - before
        return
    hour, done = hour_of(since), before
    while hour < last:
        reached = before + (after - before) * (hour + HOUR - since) // (until - since)
        yield hour, reached - done
        hour, done = hour + HOUR, reached
    yield last, after - done
