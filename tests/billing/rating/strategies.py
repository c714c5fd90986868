"""Small random tariffs and sessions for the property tests: few parts, so that failures shrink."""

from __future__ import annotations

import os
import zoneinfo
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st

from billing.rating.terms import Terms
from billing.rating.usage import Reading, Reservation, StateChange, Usage
from tests.billing.rating.hand import component, tariff, utc

# PRICING_EXAMPLES=5000: many, and others every time. Else few, and always the same.
MANY = int(os.environ.get("PRICING_EXAMPLES", "0"))
few = settings(max_examples=MANY or 30, derandomize=not MANY, deadline=None, database=None)

MINUTE = timedelta(minutes=1)
ODD_ZONES = """Europe/Berlin Australia/Lord_Howe America/Santiago Pacific/Apia Asia/Kathmandu
America/St_Johns Pacific/Chatham Africa/Casablanca Antarctica/Troll UTC""".split()
EVENTS = [  # clocks change in Berlin, Lord Howe, Santiago; Apia loses a day; a year begins
    utc(text)
    for text in """2026-03-29T01:00 2026-10-25T01:00 2026-04-04T15:00 2026-10-03T15:30
    2026-09-06T04:00 2026-04-05T03:00 2011-12-30T10:00 2026-12-31T23:00""".split()
]
zones = st.sampled_from(ODD_ZONES) | st.sampled_from(sorted(zoneinfo.available_timezones()))
prices = st.sampled_from("0.30 0.05 0.333333 1 0".split())
hours = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
windows = st.lists(hours, min_size=2, max_size=2, unique=True).map("-".join)
days = st.lists(
    st.sampled_from(["MONDAY", "FRIDAY", "SATURDAY", "SUNDAY"]), min_size=1, unique=True
)
by_clock = st.one_of(
    st.builds(lambda window: {"between": window}, windows),
    st.builds(lambda names: {"weekdays": names}, days),
    st.sampled_from([{"from_date": "2026-10-25"}, {"until_date": "2027-01-01"}]),
)
by_duration = st.sampled_from([{"min_seconds": 3600}, {"max_seconds": 7200}])
by_energy = st.sampled_from([{"min_wh": 5000}, {"max_wh": 10000}])
nothing: st.SearchStrategy[dict] = st.just({})


class Stage(NamedTuple):
    """A part of a session: how long it takes, what flows, and whether it is idle."""

    minutes: int
    wh: int
    idle: bool


stages = st.builds(
    Stage, st.integers(0, 300), st.integers(0, 9000).map(lambda n: 2 * n), st.booleans()
)


@st.composite
def sessions(draw: st.DrawFn, zone: st.SearchStrategy[str] = zones) -> Usage:
    """A session of at most four stages around a moment when a clock changes, on whole minutes."""
    at = start = draw(st.sampled_from(EVENTS)) + draw(st.integers(-600, 300)) * MINUTE
    readings, states = [Reading(at, 1000)], []
    for stage in draw(st.lists(stages, min_size=1, max_size=4)):
        states.append(StateChange(at, stage.idle))
        at += stage.minutes * MINUTE
        readings.append(Reading(at, readings[-1].register_wh + stage.wh))
    return Usage(draw(zone), start, at, tuple(readings), tuple(states))


def components(kind: str, *restrictions: st.SearchStrategy[dict], **more: object):
    """Up to two components of a kind, each restricted in one of these ways or not at all."""
    one = st.builds(
        lambda price, when, rate: component(kind, price, **when, **more, tax_rate=rate),
        prices,
        st.one_of(nothing, *restrictions),
        st.sampled_from(["0", "7", "19"]),
    )
    return st.lists(one, max_size=2)


def of_kinds(*lists: st.SearchStrategy[list[dict]], **more: object) -> st.SearchStrategy[Terms]:
    """Terms of these components; at least a free start."""
    return st.builds(
        lambda *parts: tariff(
            component("start", "0"), *(one for part in parts for one in part), **more
        ),
        *lists,
    )


RESTRICTIONS = (by_clock, by_duration, by_energy)
idle_extras = st.fixed_dictionaries(
    {},
    optional={
        "grace_seconds": st.sampled_from([600, 3600]),
        "cap": st.sampled_from(["0.00", "1.50"]),
        "not_between": st.lists(windows, min_size=1, max_size=1),
    },
)
steps = st.sampled_from(
    [{}, {"step": 60}, {"step": 900}, {"step": 60, "step_rounding": "down"}, {"step": 7}]
)
limits = st.sampled_from(
    [{}, {"minimum": "2.00"}, {"maximum": "3.00"}, {"minimum": "0.50", "maximum": "0.50"}]
)
taxed = st.fixed_dictionaries(
    {"tax_included": st.booleans(), "tax_rounding": st.sampled_from(["line", "sum"])}
)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    """Terms of every sort, in euro, yen or dinar."""
    found = [component("start", draw(prices), tax_rate="7")]
    for kind in ("energy", "time"):
        found += draw(components(kind, *RESTRICTIONS, **draw(steps)))
    found += draw(components("idle", *RESTRICTIONS, **draw(steps), **draw(idle_extras)))
    found += draw(components("reservation_time", by_clock, by_duration, **draw(steps)))
    currency = draw(st.sampled_from("EUR JPY KWD".split()))
    terms = tariff(*found, currency="KWD", tax_rate="19", **draw(taxed), **draw(limits))
    return replace(terms, currency=currency) if currency != "JPY" else _whole(terms)


def _whole(terms: Terms) -> Terms:
    """The same in yen, with limits that can be paid."""

    def up(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else Decimal(round(amount) + 1)

    return replace(
        terms,
        currency="JPY",
        minimum=up(terms.minimum),
        maximum=up(terms.maximum),
        components=tuple(replace(one, cap=up(one.cap)) for one in terms.components),
    )


def reserved(usage: Usage, minutes: int) -> Usage:
    """The same session after a reservation of so many minutes."""
    start = usage.started_at
    assert start
    return replace(usage, reservation=Reservation(start - minutes * MINUTE, start))


def moments(usage: Usage) -> list[datetime]:
    """When the register of a session was read."""
    return [reading.at for reading in usage.readings]


def until(usage: Usage, at: datetime) -> Usage:
    """What there was of a session when it was read at ``at``."""
    return replace(
        usage, ended_at=at, readings=tuple(one for one in usage.readings if one.at <= at)
    )


def since(usage: Usage, at: datetime) -> Usage:
    """The rest of a session from its last reading at ``at`` on."""
    before = [one for one in usage.readings if one.at <= at]
    after = [one for one in usage.readings if one.at > at]
    return replace(usage, started_at=at, readings=(before[-1], *after))
