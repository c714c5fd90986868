"""The terms of a tariff, as values that never change: what is charged, when, and how it is rounded.

Make them with ``documents.terms`` (from JSON), which says by field what is wrong. Prices and the
amounts beside them are net or gross as ``tax_included`` says. The words and rules follow the
Tariff object of OCPI 2.2.1 (mod_tariffs); docs/tariffs.md says where they go beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class Kind(StrEnum):
    """What a component charges for, in the order of a bill's lines."""

    RESERVATION = "reservation"
    RESERVATION_TIME = "reservation_time"
    START = "start"
    ENERGY = "energy"
    TIME = "time"  # while charging
    IDLE = "idle"  # connected, but not charging


FLAT = frozenset({Kind.START, Kind.RESERVATION})
TIMED = frozenset({Kind.TIME, Kind.IDLE, Kind.RESERVATION_TIME})
RESERVING = frozenset({Kind.RESERVATION, Kind.RESERVATION_TIME})


class Per(StrEnum):
    """What one price buys."""

    ONCE = "once"
    KWH = "kWh"
    MINUTE = "min"
    HOUR = "h"


SECOND = 1_000_000  # time is counted in whole microseconds, as far as it was measured
# How many times, Wh or microseconds one price buys.
SMALL_UNITS = {Per.ONCE: 1, Per.KWH: 1000, Per.MINUTE: 60 * SECOND, Per.HOUR: 3600 * SECOND}


class StepRounding(StrEnum):
    """What happens to a step that was begun."""

    UP = "up"  # it is charged: OCPI's rule
    DOWN = "down"  # only full steps are


class TaxRounding(StrEnum):
    """What tax is worked out and rounded on."""

    LINE = "line"  # each line
    SUM = "sum"  # the sum of the lines with one rate, then shared out to the lines


@dataclass(frozen=True, slots=True)
class Window:
    """A time of day at the site, from ``start`` until just before ``end``, maybe over midnight."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether the site's clock at ``at`` is inside."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """When a component is in force: all that is set must hold; ``max_`` and ``until_`` exclude.

    Weekday, date and time of day are those of the site's clock, each by itself: Friday from 22:00
    to 06:00 is the first two and the last six hours of Friday. Energy and seconds count from the
    start of the session (seconds of a reservation from its own); power is the connector's class.
    """

    between: Window | None = None
    weekdays: frozenset[int] = frozenset()  # Monday is 0; none of them: every day
    from_date: date | None = None
    until_date: date | None = None
    min_w: int | None = None
    max_w: int | None = None
    min_wh: int | None = None
    max_wh: int | None = None
    min_seconds: int | None = None
    max_seconds: int | None = None

    def clock(self) -> set[time]:
        """The times of day at which this may begin or cease to hold."""
        ends = {self.between.start, self.between.end} if self.between else set()
        by_day = self.weekdays or self.from_date or self.until_date
        return ends | {time(0)} if by_day else ends

    def hold(
        self, local: datetime, after: Fraction | int, wh: Fraction | int, w: int | None
    ) -> bool:
        """Whether all hold at ``local`` by the site's clock, ``after`` so many microseconds.

        ``wh`` has flowed by then, ``w`` is the power class: where it is not known, no component
        of a class is in force.
        """
        return self is ALWAYS or (
            self._hold_by_day(local)
            and (self.between is None or self.between.holds(local.time()))
            and _inside(after, self.min_seconds, self.max_seconds, SECOND)
            and _inside(wh, self.min_wh, self.max_wh)
            and (_inside(w, self.min_w, self.max_w) if w is not None else not self.by_power())
        )

    def by_power(self) -> bool:
        """Whether these are about the power class."""
        return self.min_w is not None or self.max_w is not None

    def _hold_by_day(self, local: datetime) -> bool:
        return (
            (not self.weekdays or local.weekday() in self.weekdays)
            and (self.from_date is None or self.from_date <= local.date())
            and (self.until_date is None or local.date() < self.until_date)
        )


def _inside(value: Fraction | int, low: int | None, high: int | None, unit: int = 1) -> bool:
    return (low is None or low * unit <= value) and (high is None or value < high * unit)


ALWAYS = Restrictions()


@dataclass(frozen=True, slots=True)
class Component:
    """One price: for what, how much, when, and in which steps."""

    kind: Kind
    price: Decimal
    per: Per
    when: Restrictions = ALWAYS
    tax_rate: Decimal | None = None  # percent; None: the tariff's
    step: int = 0  # Wh or seconds; 0: exact
    step_rounding: StepRounding = StepRounding.UP
    # Of idle time only. Grace is counted over all idle time of the session, at whatever hour.
    grace_seconds: int = 0
    cap: Decimal | None = None  # the most this component adds to one bill
    not_between: tuple[Window, ...] = ()  # idle time at these hours is free
    # Of reservations only: whether it must have expired unused (True) or been used (False).
    expired: bool | None = None

    def clock(self) -> set[time]:
        """The times of day at which this may begin or cease to be charged."""
        pauses = {edge for window in self.not_between for edge in (window.start, window.end)}
        return pauses | self.when.clock()

    def small_step(self) -> int:
        """The step in Wh or microseconds; 0 where there is none."""
        return self.step * SECOND if self.kind in TIMED else self.step

    def pauses(self, local: datetime) -> bool:
        """Whether it charges nothing at this time of day although it is in force."""
        return any(window.holds(local.time()) for window in self.not_between)


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms of one version of a tariff. Of each kind the first component in force counts."""

    currency: str  # ISO 4217
    components: tuple[Component, ...]
    tax_rate: Decimal = Decimal(0)  # percent: of components that name none, and of the minimum
    tax_included: bool = False  # whether prices contain the tax
    tax_rounding: TaxRounding = TaxRounding.LINE
    minimum: Decimal | None = None  # what a session costs at least
    maximum: Decimal | None = None  # what one bill comes to at most
    of_kind: dict[Kind, list[tuple[int, Component]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for index, component in enumerate(self.components):
            self.of_kind.setdefault(component.kind, []).append((index, component))

    def rate(self, component: Component) -> Decimal:
        """The tax rate of a component, in percent."""
        return self.tax_rate if component.tax_rate is None else component.tax_rate
