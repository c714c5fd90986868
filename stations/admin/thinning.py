"""A long series of readings as few points as a chart can show, its peaks kept. Pure.

The time is cut into equal buckets; of each bucket the first and the last sample stay, and those
with the lowest and the highest power. So the line goes through every peak and every trough of a
bucket, and never invents a value: each point was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

MOST = 500  # points of a chart
_OF_BUCKET = 4  # first, last, lowest, highest
_BUCKETS = MOST // _OF_BUCKET
_HOUR_S = 3600


class Sample(NamedTuple):
    """What is drawn of a reading: power in W, state of charge in %, register in Wh."""

    at: datetime
    power_w: float | None
    soc_percent: float | None
    energy_wh: int | None = None


def thinned(samples: Iterable[Sample], since: datetime, until: datetime) -> list[Sample]:
    """At most MOST of ``samples``, which come in order of time from ``since`` to ``until``.

    All of them where they are no more. Takes memory for MOST samples, however many come.
    """
    few: list[Sample] = []
    kept: list[Sample] = []
    bucket = _Bucket(-1)
    number = 0
    for number, sample in enumerate(samples, 1):
        if number <= MOST:
            few.append(sample)
        index = _index(sample.at, since, until)
        if index != bucket.index:
            kept.extend(bucket.kept())
            bucket = _Bucket(index)
        bucket.take(sample)
    return few if number <= MOST else [*kept, *bucket.kept()]


def with_power(samples: Iterable[Sample]) -> Iterator[Sample]:
    """``samples`` with the power the register tells where the meter itself tells none.

    It is the mean since the sample before; a register that ran backwards tells nothing.
    """
    before: Sample | None = None
    has_own = False
    for sample in samples:
        has_own = has_own or sample.power_w is not None
        yield sample if has_own else sample._replace(power_w=_mean(before, sample))
        before = sample if sample.energy_wh is not None else before


def _mean(before: Sample | None, sample: Sample) -> float | None:
    if before is None or before.energy_wh is None or sample.energy_wh is None:
        return None
    seconds = (sample.at - before.at).total_seconds()
    taken = sample.energy_wh - before.energy_wh
    return taken * _HOUR_S / seconds if seconds > 0 and taken >= 0 else None


def _index(at: datetime, since: datetime, until: datetime) -> int:
    whole = (until - since).total_seconds()
    part = (at - since).total_seconds() / whole if whole > 0 else 0.0
    return min(max(int(part * _BUCKETS), 0), _BUCKETS - 1)


class _Bucket:
    """What stays of one: samples by the number in which they came, so that none stays twice."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._number = 0
        self._ends: list[tuple[int, Sample]] = []
        self._low: tuple[float, int, Sample] | None = None
        self._high: tuple[float, int, Sample] | None = None

    def take(self, sample: Sample) -> None:
        """Note a sample; the first of equals stays."""
        self._number += 1
        self._ends[1:] = [(self._number, sample)]
        if sample.power_w is None:
            return
        noted = (sample.power_w, self._number, sample)
        if self._low is None or noted[0] < self._low[0]:
            self._low = noted
        if self._high is None or noted[0] > self._high[0]:
            self._high = noted

    def kept(self) -> list[Sample]:
        """What stays of it, in order."""
        extremes = [noted[1:] for noted in (self._low, self._high) if noted]
        noted = dict([*self._ends, *extremes])
        return [noted[number] for number in sorted(noted)]
