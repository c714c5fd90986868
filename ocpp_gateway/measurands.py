"""Sampled values of any station, normalised to Wh, W, A, V and %; every OCPP version shares it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_DEFAULT = "Energy.Active.Import.Register"  # of an absent measurand, OCPP 1.6 section 7.43
_BIG = 2**62 - 1  # so that the difference of two still fits into the database's big integers
# measurand -> (which value it is, how the phases add up where no total is given)
_KINDS: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    _DEFAULT: ("energy_wh", math.fsum),
    "Power.Active.Import": ("power_w", math.fsum),
    "Current.Import": ("current_a", max),
    "Voltage": ("voltage_v", lambda values: math.fsum(values) / len(values)),
    "SoC": ("soc_percent", max),
}
_FACTORS = {"kwh": 1000.0, "kw": 1000.0, "ma": 0.001, "mv": 0.001, "kv": 1000.0}  # in any case
_ELSEWHERE = {"Inlet", "Cable", "Body"}  # not what the outlet delivered
_AS_SAID: Mapping[str, str] = {}


class Measured(NamedTuple):
    """One moment of a meter; None: it did not say."""

    energy_wh: int | None
    power_w: int | None
    current_a: float | None
    voltage_v: float | None
    soc_percent: float | None


def measured(samples: Iterable[dict[str, Any]], units: Mapping[str, str] = _AS_SAID) -> Measured:
    """The values among ``samples``; what cannot be read is passed over, never an error.

    ``units``: the unit a value is really in, whatever the sample says, by the value's name.
    """
    totals: dict[str, float] = {}
    phases: dict[str, list[float]] = {}
    for sample in samples:
        kind = _KINDS.get(sample.get("measurand") or _DEFAULT)
        value = _value(sample, units.get(kind[0])) if kind else None
        if kind is None or value is None:
            continue
        if sample.get("phase"):
            phases.setdefault(kind[0], []).append(value)
        else:
            totals.setdefault(kind[0], value)
    for name, add_up in _KINDS.values():
        if name not in totals and name in phases:
            totals[name] = add_up(phases[name])
    return Measured(
        _whole(totals.get("energy_wh")),
        _whole(totals.get("power_w")),
        totals.get("current_a"),
        totals.get("voltage_v"),
        totals.get("soc_percent"),
    )


def _value(sample: dict[str, Any], unit: str | None) -> float | None:
    if sample.get("format") == "SignedData" or sample.get("location") in _ELSEWHERE:
        return None
    try:
        number = float(str(sample["value"]).replace(",", "."))
    except (KeyError, ValueError):
        return None
    number *= _FACTORS.get((unit or str(sample.get("unit"))).lower(), 1.0)
    return number if abs(number) <= _BIG else None  # nor what is no number, or infinite


def _whole(value: float | None) -> int | None:
    return None if value is None or abs(value) > _BIG else round(value)
