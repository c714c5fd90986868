"""A session or reservation cut where its price may change: pieces within which nothing does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.rating.calendar import boundaries, site_zone
from billing.rating.terms import SECOND, Component, Kind
from billing.rating.usage import Curve, Moment, StateChange, Usage

_MICROSECOND = timedelta(microseconds=1)


class Piece(NamedTuple):
    """A stretch of time without a change, perhaps of no length, and what happened in it."""

    local: datetime  # when it begins, by the site's clock
    after: Moment  # microseconds since the start when it begins
    lasts: Moment  # microseconds
    before_wh: Fraction | int
    wh: Fraction | int
    idle: bool


class Stretch(NamedTuple):
    """What is to be cut: from when until when (UTC), and where."""

    zone: ZoneInfo
    start: datetime
    end: datetime

    def at(self, moment: datetime) -> int:
        """A moment as microseconds since the start."""
        return (moment - self.start) // _MICROSECOND

    def local(self, at: Moment) -> datetime:
        """The site's clock so many microseconds after the start, rounded down to whole ones."""
        return (self.start + int(at) * _MICROSECOND).astimezone(self.zone)


def of_session(
    usage: Usage, components: Iterable[Component], until: datetime | None
) -> list[Piece]:
    """The pieces of the session, none where there is no session."""
    span = usage.span(until)
    if span is None:
        return []
    stretch = Stretch(site_zone(usage.zone), *span)
    curve = usage.curve(stretch.start, stretch.end)
    states = sorted(usage.states, key=lambda change: change.at)
    inside = [change.at for change in states if stretch.start < change.at < stretch.end]
    used = [component for component in components if component.kind in _IN_SESSION]
    cuts = _cuts(stretch, used) | {stretch.at(moment) for moment in inside}
    points = _points(stretch, curve, cuts, _thresholds(used))
    return list(_pieces(stretch, points, _Idle(states)))


def of_reservation(
    usage: Usage, components: Iterable[Component], until: datetime | None
) -> list[Piece]:
    """The pieces of the reservation, none where there is none."""
    reservation = usage.reservation
    if reservation is None:
        return []
    end = min(reservation.until_at, until) if until else reservation.until_at
    start = reservation.from_at
    stretch = Stretch(site_zone(usage.zone), start, max(start, end))
    used = [component for component in components if component.kind is Kind.RESERVATION_TIME]
    points = _points(stretch, Curve([(0, 0)]), _cuts(stretch, used), set())
    return list(_pieces(stretch, points, _Idle([])))


_IN_SESSION = frozenset({Kind.ENERGY, Kind.TIME, Kind.IDLE})


class _Idle:
    """Whether the vehicle is idle at moments that only go forward."""

    def __init__(self, states: list[StateChange]) -> None:
        self._left = states[::-1]
        self._idle = False

    def at(self, moment: datetime) -> bool:
        while self._left and self._left[-1].at <= moment:
            self._idle = self._left.pop().idle
        return self._idle


def _cuts(stretch: Stretch, components: list[Component]) -> set[Moment]:
    """Where the clock or the duration may bring another price."""
    times = {time for component in components for time in component.clock()}
    cuts: set[Moment] = {
        stretch.at(moment) for moment in boundaries(stretch.zone, stretch.start, stretch.end, times)
    }
    for component in components:
        for seconds in (component.when.min_seconds, component.when.max_seconds):
            if seconds is not None:
                cuts.add(seconds * SECOND)
    return cuts


def _thresholds(components: list[Component]) -> set[int]:
    limits = {limit for each in components for limit in (each.when.min_wh, each.when.max_wh)}
    return {limit for limit in limits if limit}


def _points(
    stretch: Stretch, curve: Curve, cuts: set[Moment], thresholds: set[int]
) -> list[tuple[Moment, Fraction | int]]:
    """When and at which energy to cut, in order, with both ends."""
    end = stretch.at(stretch.end)
    total = curve.through(end)
    points: set[tuple[Moment, Fraction | int]] = {(0, 0), (end, total)}
    points.update((at, curve.before(at)) for at in cuts if 0 < at < end)
    points.update((curve.when(wh), wh) for wh in thresholds if wh < total)
    return sorted(points)


def _pieces(
    stretch: Stretch, points: list[tuple[Moment, Fraction | int]], idle: _Idle
) -> Iterator[Piece]:
    """What lies between two points each; at least one piece, even where nothing happened."""
    for (start, before), (end, after) in pairwise(points if len(points) > 1 else points * 2):
        local = stretch.local(start)
        yield Piece(
            local=local,
            after=start,
            lasts=end - start,
            before_wh=before,
            wh=after - before,
            idle=idle.at(stretch.start + int(start) * _MICROSECOND),
        )
