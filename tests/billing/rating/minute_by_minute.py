"""The same price by another way: a clock that is asked anew each minute, and nothing is cut.

Good for terms and sessions on whole minutes, without thresholds of energy and without steps.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.rating.terms import Component, Terms, Window
from billing.rating.usage import Usage

MINUTE = timedelta(minutes=1)


def quantities(usage: Usage, terms: Terms) -> dict[int, Fraction]:
    """What falls to each component, by its place: kWh or minutes."""
    found: dict[int, Fraction] = defaultdict(Fraction)
    zone = ZoneInfo(usage.zone)
    assert usage.started_at
    assert usage.ended_at
    for low, high in pairwise(usage.readings):
        if low.at == high.at:  # all of it at once
            add(found, terms, "energy", low.at, zone, usage, high.register_wh - low.register_wh)
        minute = low.at
        while minute < high.at:
            part = Fraction(high.register_wh - low.register_wh) / ((high.at - low.at) // MINUTE)
            add(found, terms, "energy", minute, zone, usage, part)
            minute += MINUTE
    idle_minutes, minute = 0, usage.started_at
    while minute < usage.ended_at:
        idle = [change.idle for change in usage.states if change.at <= minute][-1]
        add(found, terms, "idle" if idle else "time", minute, zone, usage, 1, idle_minutes)
        idle_minutes += idle
        minute += MINUTE
    return {index: quantity for index, quantity in found.items() if quantity}


def add(
    found: dict[int, Fraction],
    terms: Terms,
    kind: str,
    minute: datetime,
    zone: ZoneInfo,
    usage: Usage,
    quantity: Fraction | int,
    idle_minutes: int = 0,
) -> None:
    """Give what happened in a minute to the first component of its kind that is in force."""
    assert usage.started_at
    local = minute.astimezone(zone)
    after = (minute - usage.started_at) // MINUTE * 60
    for index, component in enumerate(terms.components):
        if component.kind == kind and in_force(component, local, after):
            free = idle_minutes * 60 < component.grace_seconds
            if not free and not any(inside(window, local) for window in component.not_between):
                found[index] += quantity
            return


def in_force(component: Component, local: datetime, after: int) -> bool:
    """Whether nothing that is said of a component speaks against this minute."""
    when = component.when
    return not (
        (when.between and not inside(when.between, local))
        or (when.weekdays and local.isoweekday() - 1 not in when.weekdays)
        or (when.from_date and local.date() < when.from_date)
        or (when.until_date and local.date() >= when.until_date)
        or (when.min_seconds is not None and after < when.min_seconds)
        or (when.max_seconds is not None and after >= when.max_seconds)
    )


def inside(window: Window, local: datetime) -> bool:
    """Whether the clock stands in a window, by counting the minutes since it opened."""
    opened, closed, now = (at.hour * 60 + at.minute for at in (window.start, window.end, local))
    return (now - opened) % 1440 < (closed - opened) % 1440
