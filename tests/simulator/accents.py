"""How a model writes times and energies: each station has its own way, and keeps to it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone

from tests.simulator.clock import parse
from tests.simulator.messages import Message, Payload

KINDS = ("clock", "unit")
REGISTER = "Energy.Active.Import.Register"
_EAST = timezone(timedelta(hours=2))
Written = Callable[[datetime], str]
Sampled = Callable[[Payload], Payload]


def _fraction(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").removesuffix("+00:00")


def _kwh(sample: Payload) -> Payload:
    if sample.get("measurand", REGISTER) != REGISTER:
        return sample
    return {**sample, "value": f"{int(sample['value']) / 1000:.3f}", "unit": "kWh"}


def _bare(sample: Payload) -> Payload:
    """Without what the specification has a default for (section 7.43)."""
    left_out: tuple[str, ...] = ("unit", "location")
    if sample.get("measurand", REGISTER) == REGISTER:
        left_out += ("measurand",)
    return {name: value for name, value in sample.items() if name not in left_out}


CLOCKS: dict[str, Written] = {
    "without-zone": _fraction,
    "twelve-digits": lambda at: f"{_fraction(at)}000000Z",
    "zero-offset": lambda at: at.isoformat(timespec="milliseconds"),
    "short-offset": lambda at: at.astimezone(_EAST).isoformat(timespec="milliseconds")[:-3],
}
UNITS: dict[str, Sampled] = {"kwh": _kwh, "bare": _bare}


class Accent:
    """Rewrites what one station says; without ``kinds`` it leaves it as it is."""

    def __init__(self, kinds: Iterable[str], rng: random.Random, counts: Counter[str]):
        kinds = [*kinds]
        self._counts = counts
        self._clock = rng.choice([*CLOCKS]) if "clock" in kinds else ""
        self._unit = rng.choice([*UNITS]) if "unit" in kinds else ""

    def put_on(self, message: Message) -> None:
        """Have ``message`` say the same in the station's own way."""
        if self._clock or self._unit:
            message.payload = self._said(message.payload)

    def _said(self, payload: Payload) -> Payload:
        said = dict(payload)
        if "timestamp" in said and self._clock:
            self._counts[self._clock] += 1
            said["timestamp"] = CLOCKS[self._clock](parse(said["timestamp"]))
        for name in ("meterValue", "transactionData"):
            if name in said:
                said[name] = [self._said(element) for element in said[name]]
        if "sampledValue" in said and self._unit:
            self._counts[self._unit] += 1
            said["sampledValue"] = [UNITS[self._unit](each) for each in said["sampledValue"]]
        return said
