"""Periods by their names: which days ``lastMonth`` is, by the calendar of a time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

_DAY = timedelta(days=1)


def days(name: str, today: date) -> tuple[date, date]:
    """The first and the last day of a period; the whole of one that is still running.

    Raises KeyError where there is no such period.
    """
    return _PERIODS[name](today)


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), _next(day, months=1) - _DAY


def _quarter(day: date) -> tuple[date, date]:
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return first, _next(first, months=3) - _DAY


def _year(day: date) -> tuple[date, date]:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


def _next(day: date, *, months: int) -> date:
    """The first day of the month so many after that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _before(period: Callable[[date], tuple[date, date]]) -> Callable[[date], tuple[date, date]]:
    """The period that ends the day before the one of a day begins."""
    return lambda day: period(period(day)[0] - _DAY)


_PERIODS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda day: (day, day),
    "yesterday": lambda day: (day - _DAY, day - _DAY),
    "thisMonth": _month,
    "lastMonth": _before(_month),
    "thisQuarter": _quarter,
    "lastQuarter": _before(_quarter),
    "thisYear": _year,
    "lastYear": _before(_year),
}
NAMES = tuple(_PERIODS)
