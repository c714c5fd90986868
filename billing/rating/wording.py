"""The *why* of each line: as data, to be kept and translated, and in plain English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from billing.rating.bill import Reason
from billing.rating.terms import SECOND, TIMED, Component, Restrictions, StepRounding, Window

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Each code and its sentence. Lengths of time come as seconds, energies as Wh, powers as W.
ENGLISH = {
    "reservation": "Once for each reservation",
    "reservation_time": "Time reserved",
    "start": "Once for each session",
    "energy": "Energy delivered",
    "time": "Time while charging",
    "idle": "Time connected without charging",
    "minimum": "What is missing to the minimum price of {minimum}",
    "between": "between {start} and {end} at the site",
    "weekdays": "on {days}",
    "from_date": "from {date}",
    "until_date": "before {date}",
    "min_w": "at connectors of {w} or more",
    "max_w": "at connectors of less than {w}",
    "min_wh": "after the first {wh}",
    "max_wh": "up to {wh}",
    "min_seconds": "after the first {seconds}",
    "max_seconds": "within the first {seconds}",
    "expired": "it expired unused",
    "used": "it was used",
    "grace": "after {seconds} without charge",
    "not_between": "except between {start} and {end} at the site",
    "step_up": "in steps of {step}, of which one was begun: {measured} measured",
    "step_down": "only full steps of {step}: {measured} measured",
    "cap": "no more than {limit}: {reduction} less",
    "maximum": "no more than {limit} in all: {reduction} less",
}
_FORMS = {"wh": ("kWh", 1000), "w": ("kW", 1000), "seconds": ("min", 60)}


def english(why: Iterable[Reason]) -> str:
    """The reasons of a line in one sentence."""
    return ", ".join(ENGLISH[code].format(**_shown(values)) for code, values in why) + "."


def reasons(component: Component) -> Iterator[Reason]:
    """What a component charges for, and when."""
    yield Reason(component.kind.value, {})
    yield from _restrictions(component.when)
    if component.expired is not None:
        yield Reason("expired" if component.expired else "used", {})
    if component.grace_seconds:
        yield Reason("grace", {"seconds": component.grace_seconds})
    for window in component.not_between:
        yield Reason(
            "not_between", {"start": f"{window.start:%H:%M}", "end": f"{window.end:%H:%M}"}
        )


def stepped(component: Component, measured: Fraction | int) -> Reason:
    """That a quantity in Wh or microseconds was rounded to a step."""
    code = "step_up" if component.step_rounding is StepRounding.UP else "step_down"
    unit, size = ("s", SECOND) if component.kind in TIMED else ("Wh", 1)
    shown = f"{float(measured / size):.3f}".rstrip("0").rstrip(".")
    return Reason(code, {"step": f"{component.step} {unit}", "measured": f"{shown} {unit}"})


def limited(code: str, limit: Decimal, reduction: Decimal) -> Reason:
    """That a ``cap`` or the ``maximum`` took something off a line."""
    return Reason(code, {"limit": str(limit), "reduction": str(reduction)})


def minimum(limit: Decimal) -> Reason:
    """That a session costs at least so much."""
    return Reason("minimum", {"minimum": str(limit)})


def _hours(code: str, window: Window) -> Reason:
    return Reason(code, {"start": f"{window.start:%H:%M}", "end": f"{window.end:%H:%M}"})


def _restrictions(when: Restrictions) -> Iterator[Reason]:
    if when.between:
        yield _hours("between", when.between)
    if when.weekdays:
        yield Reason(
            "weekdays", {"days": ", ".join(WEEKDAYS[day] for day in sorted(when.weekdays))}
        )
    for code, day in (("from_date", when.from_date), ("until_date", when.until_date)):
        if day:
            yield Reason(code, {"date": day.isoformat()})
    for code in ("min_w", "max_w", "min_wh", "max_wh", "min_seconds", "max_seconds"):
        limit = getattr(when, code)
        if limit is not None:
            yield Reason(code, {code.partition("_")[2]: limit})


def _shown(values: dict[str, str | int]) -> dict[str, str]:
    """Numbers in the units people read, such as 10 min for 600 seconds."""
    return {name: _amount(name, value) for name, value in values.items()}


def _amount(name: str, value: str | int) -> str:
    if name not in _FORMS:
        return str(value)
    unit, size = _FORMS[name]
    return f"{float(value) / size:.3f}".rstrip("0").rstrip(".") + f" {unit}"
