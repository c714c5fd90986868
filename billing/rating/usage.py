"""What happened: the register over time, charging and idle, the reservation before it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

_MICROSECOND = timedelta(microseconds=1)
Moment = int | Fraction  # microseconds since the start


class Reading(NamedTuple):
    """What the energy register showed at a moment (UTC), in Wh."""

    at: datetime
    register_wh: int


class StateChange(NamedTuple):
    """From this moment (UTC) on the vehicle is idle, or charging again."""

    at: datetime
    idle: bool


class Reservation(NamedTuple):
    """A reservation from when it was made until it was used, or expired unused (UTC)."""

    from_at: datetime
    until_at: datetime
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """A session, running or ended, and the reservation before it; or a reservation alone.

    Readings outside the session are left out; those that contradict the others, too. A session is
    charging until a state change says otherwise. All moments are UTC.
    """

    zone: str  # IANA name of the site's time zone
    started_at: datetime | None = None  # None: not known; then its first reading, or its end
    ended_at: datetime | None = None  # when the connector was free again, or the stop; None: runs
    readings: Sequence[Reading] = ()
    states: Sequence[StateChange] = ()
    energy_wh: int | None = None  # settled, by the services or a review; None: the readings say
    power_w: int | None = None  # the class of the connector: what it can deliver at most
    reservation: Reservation | None = None

    def span(self, until: datetime | None) -> tuple[datetime, datetime] | None:
        """From when until when a session is to be priced, None where there is none.

        One of which only a moment is known, or that ends before it starts, lasts no time. Raises
        ValueError for a running session where ``until`` is not given, and for energy at no moment.
        """
        moments = [reading.at for reading in self.readings]
        start = self.started_at or min(moments, default=self.ended_at)
        if start is None:
            if self.energy_wh:
                raise ValueError("energy cannot be priced without any moment it flowed at")
            return None
        ends = [moment for moment in (self.ended_at, until) if moment]
        if not ends:
            raise ValueError("a running session is priced until a given moment")
        return start, max(start, min(ends))

    def curve(self, start: datetime, end: datetime) -> Curve:
        """The energy since ``start``; ``end`` is where the settled energy was reached."""
        last = max(self.ended_at or end, start)
        goes_on = self.ended_at is None and self.energy_wh is None
        ordered = sorted(
            reading
            for reading in self.readings
            if start <= reading.at and (goes_on or reading.at <= last)
        )
        base = ordered[0].register_wh if ordered else 0
        points = [((at - start) // _MICROSECOND, wh - base) for at, wh in ordered]
        total = max(0, points[-1][1] if points else 0)
        if self.energy_wh is not None:
            total = max(0, self.energy_wh)
            points.append(((last - start) // _MICROSECOND, total))
        return Curve([(0, 0), *_credible([point for point in points if 0 <= point[1] <= total])])


class Curve:
    """Energy in Wh over microseconds since the start: straight lines between what was read."""

    def __init__(self, points: Sequence[tuple[int, int]]) -> None:
        """Take points that fall neither in time nor in energy; two at one time are a jump."""
        self._times = [at for at, _ in points]
        self._energies = [wh for _, wh in points]

    def before(self, at: Moment) -> Fraction | int:
        """The energy at a moment, before what is noted for this very moment."""
        return self._value(at, bisect_left(self._times, at))

    def through(self, at: Moment) -> Fraction | int:
        """The energy at a moment, with what is noted for this very moment."""
        index = bisect_right(self._times, at)
        if index and self._times[index - 1] == at:
            return self._energies[index - 1]
        return self._value(at, index)

    def when(self, wh: int) -> Moment:
        """When this much (above zero, no more than the whole) was first reached."""
        index = bisect_left(self._energies, wh)
        if index == 0:
            return self._times[0]
        low, high = self._energies[index - 1 : index + 1]
        start, end = self._times[index - 1 : index + 1]
        return start + Fraction((wh - low) * (end - start), high - low)

    def _value(self, at: Moment, index: int) -> Fraction | int:
        """The energy at a moment after point ``index - 1`` and until point ``index``."""
        if index == len(self._times):
            return self._energies[-1]
        if index == 0 or self._times[index] == at:
            return self._energies[index]
        low, high = self._energies[index - 1 : index + 1]
        start, end = self._times[index - 1 : index + 1]
        return low + (high - low) * Fraction(at - start) / (end - start)


def _credible(points: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """The most points whose energy never falls: one wild reading does not discredit the others."""
    if all(low[1] <= high[1] for low, high in pairwise(points)):
        return points
    tails: list[int] = []  # the lowest energy that ends a row of length index + 1
    rows: list[_Row] = []  # and that row, its last point first
    for point in points:
        length = bisect_right(tails, point[1])
        tails[length : length + 1] = [point[1]]
        rows[length : length + 1] = [_Row(point, rows[length - 1] if length else None)]
    kept, row = [], rows[-1] if rows else None
    while row:
        kept.append(row.point)
        row = row.before
    return kept[::-1]


class _Row(NamedTuple):
    point: tuple[int, int]
    before: _Row | None
