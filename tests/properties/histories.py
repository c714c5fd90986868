"""True histories of a station: sessions on its connectors, as they happened and as it tells them.

Times are whole seconds after noon. The connectors share a clock, and no two things happen in the
same second, as nobody could tell afterwards which came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.stations.given import NOON

CARDS = {
    "CARD-1": "Accepted",
    "CARD-2": "Accepted",
    "CARD-3": "Accepted",
    "BLOCKED": "Blocked",
    "NOBODY": "Invalid",
}
CONNECTORS = 3


@dataclass(frozen=True)
class Sample:
    """What the meter of a connector showed at a moment."""

    second: int
    energy_wh: int | None
    power_w: int | None = None


@dataclass
class Charge:
    """A session as it happened. ``end`` is None while it goes on, and where its stop got lost."""

    connector: int
    tag: str
    began: int
    meter_start: int
    samples: list[Sample] = field(default_factory=list)
    end: int | None = None
    meter_stop: int = 0
    number: int | None = None  # what it says instead of a number it never learned: -1 or 0
    stop_number: int | None = None  # the same for its stop
    names_card: bool = True  # in its stop
    by_itself: list[Sample] = field(default_factory=list)  # in MeterValues
    with_stop: list[Sample] = field(default_factory=list)  # in the transactionData of its stop
    following: int | None = None  # when the next one began on its connector
    released: int | None = None  # when its connector was Available again
    reservation: int | None = None  # the number of the one it used


@dataclass
class History:
    """All that happened at a station."""

    charges: list[Charge] = field(default_factory=list)
    statuses: list[tuple[int, int, str]] = field(default_factory=list)  # second, connector, status
    loose: list[tuple[int, Sample]] = field(default_factory=list)  # connector; of no session


def moment(second: int) -> datetime:
    """That second as a time."""
    return NOON + timedelta(seconds=second)


def text(second: int) -> str:
    """The same as a station writes it."""
    return moment(second).strftime("%Y-%m-%dT%H:%M:%SZ")


class Telling:
    """Draws one connector's share of a history."""

    def __init__(self, draw: Any, connector: int, history: History, learns: list[str]) -> None:
        self.learns = learns
        self.draw, self.connector, self.history = draw, connector, history
        self.second = connector
        self.register = draw(st.integers(0, 3)) * 1000

    def pass_time(self) -> int:
        """Some time later; a second of this connector's own."""
        self.second += CONNECTORS * self.draw(st.integers(1, 400))
        return self.second

    def report(self, status: str) -> None:
        """The connector's next status."""
        self.history.statuses.append((self.pass_time(), self.connector, status))

    def charge(self, last: bool) -> None:
        """One session, from Preparing to Available."""
        self.report("Preparing")
        charge = Charge(
            self.connector,
            self.draw(st.sampled_from([*CARDS, "card-1"])),
            self.pass_time(),
            self.register,
        )
        if not [one for one in self.history.charges if one.connector == self.connector]:
            charge.reservation = self.draw(st.sampled_from([None, 100 + self.connector]))
        self.history.charges.append(charge)
        self.report("Charging")
        for _ in range(self.draw(st.integers(0, 3))):
            charge.samples.append(self.sample())
        fate = self.draw(st.sampled_from([*5 * ["stopped"], "lost", "goes on"]))
        if fate == "goes on" and last:
            self.sent(charge)
            return self.numbered(charge)
        if fate == "stopped":
            self.register += self.draw(st.integers(0, 5000))
            charge.end, charge.meter_stop = self.pass_time(), self.register
        self.sent(charge)
        self.numbered(charge)
        if self.draw(st.booleans()):
            self.report("Available")
            charge.released = self.second
        return None

    def sample(self) -> Sample:
        """What the meter shows some time later: energy, power, or both."""
        self.register += self.draw(st.integers(0, 3000))
        shown = self.draw(st.sampled_from(["both", "energy", "power"]))
        power = self.draw(st.integers(0, 3)) * 3700
        return Sample(
            self.pass_time(),
            None if shown == "power" else self.register,
            None if shown == "energy" else power,
        )

    def sent(self, charge: Charge) -> None:
        """How each of its samples is told: by itself, with its stop where that came, or both."""
        for sample in charge.samples:
            way = self.draw(st.sampled_from(["by itself", "with the stop", "both"]))
            if way != "with the stop" or charge.end is None:
                charge.by_itself.append(sample)
            if way != "by itself" and charge.end is not None:
                charge.with_stop.append(sample)

    def numbered(self, charge: Charge) -> None:
        """Whether the station learned its number, and in time for what."""
        how = self.draw(st.sampled_from(self.learns))
        if how != "learned":
            charge.number = self.draw(st.sampled_from([-1, 0]))
        if how == "never" and charge.end is not None:
            charge.stop_number = charge.number
            charge.names_card = self.draw(st.integers(0, 3)) > 0


def _last_by(history: History, second: int) -> Iterator[Charge]:
    """The session that began last by then on each connector."""
    for connector in {charge.connector for charge in history.charges}:
        begun = [c for c in history.charges if c.connector == connector and c.began <= second]
        if begun:
            yield max(begun, key=lambda charge: charge.began)


def _could_be(stopped: Charge, other: Charge) -> bool:
    """Whether nobody could tell from its stop that ``stopped`` ended and not ``other``."""
    assert stopped.end is not None
    if other.released is not None and other.released < stopped.end:
        return False
    if other.end is not None and other.end < stopped.end:
        return False
    if not stopped.names_card:
        return True
    is_free = other.end is None or other.stop_number is not None
    return is_free and other.tag.casefold() == stopped.tag.casefold()


def make_tellable(history: History) -> None:
    """A station whose stops nobody could tell apart has learned the number: that is for review."""
    for charge in history.charges:
        if charge.stop_number is None or charge.end is None:
            continue
        others = [c for c in _last_by(history, charge.end) if c is not charge]
        if any(_could_be(charge, other) for other in others):
            charge.names_card = True
        if any(_could_be(charge, other) for other in others):
            charge.stop_number = None


@st.composite
def histories(draw: Any) -> History:
    """Any history of a station with one to three connectors and up to six sessions."""
    history = History()
    learns = draw(st.sampled_from([["learned"], ["learned", "never", "late"], ["never"]]))
    for connector in range(1, draw(st.integers(1, CONNECTORS)) + 1):
        telling = Telling(draw, connector, history, learns)
        many = draw(st.integers(1, 3 if connector == 1 else 2))
        for number in range(many):
            telling.charge(last=number == many - 1)
        if draw(st.booleans()):
            history.loose.append((connector, telling.sample()))
    for charge in history.charges:
        later = [
            other.began
            for other in history.charges
            if other.connector == charge.connector and other.began > charge.began
        ]
        charge.following = min(later, default=None)
    make_tellable(history)
    return history
