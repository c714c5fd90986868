"""The site's clock: where it shows given times of day, and where it is put forward or back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def site_zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"not a time zone: {name!r}") from None


def boundaries(
    zone: ZoneInfo, start: datetime, end: datetime, times: Iterable[time]
) -> set[datetime]:
    """The moments between ``start`` and ``end`` (UTC, themselves not) to cut at.

    Between two of them the site's clock passes none of ``times``, and is not changed. An hour that
    comes twice has its times twice; one that is left out is where the clock jumps.
    """
    times = tuple(times)
    if not times:
        return set()
    found = clock_changes(zone, start, end)
    day, last = start.astimezone(zone).date() - _DAY, end.astimezone(zone).date() + _DAY
    while day <= last:
        for at in times:
            for fold in (0, 1):
                # To UTC before anything is compared: inside one zone Python compares wall clocks.
                found.add(datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC))
        day += _DAY
    return {moment for moment in found if start < moment < end}


def clock_changes(zone: ZoneInfo, start: datetime, end: datetime) -> set[datetime]:
    """The moments after ``start`` until ``end`` (UTC) from which on the clock has another offset.

    Looks at the offset once a day: no zone has had two changes within two days since 1970.
    """
    found, low = set(), start
    while low < end:
        high = min(low + _DAY, end)
        if _offset(zone, low) != _offset(zone, high):
            found.add(_change(zone, low, high))
        low = high
    return found


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first whole second (clocks change at those) in (low, high] with the offset of high."""
    new = _offset(zone, high)
    low = low.replace(microsecond=0)
    high = high.replace(microsecond=0) + _SECOND if high.microsecond else high
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(zone, middle) == new:
            high = middle
        else:
            low = middle
    return high


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
