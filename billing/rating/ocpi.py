"""Terms as a Tariff object of OCPI 2.2.1 (mod_tariffs), and what such an object cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.rating.documents import DAYS
from billing.rating.terms import (
    RESERVING,
    TIMED,
    Component,
    Kind,
    Per,
    Restrictions,
    StepRounding,
    Terms,
    Window,
)

TYPES = {
    Kind.START: "FLAT",
    Kind.RESERVATION: "FLAT",
    Kind.ENERGY: "ENERGY",
    Kind.TIME: "TIME",
    Kind.RESERVATION_TIME: "TIME",
    Kind.IDLE: "PARKING_TIME",
}
_DAY = 24 * 60


def tariff(
    terms: Terms,
    *,
    country_code: str,
    party_id: str,
    tariff_id: str,
    last_updated: datetime,
    power_w: int | None = None,
) -> dict[str, Any]:
    """The Tariff object, decoded JSON, for connectors of one power class.

    OCPI's power is what flows at the moment, ours what the connector can deliver: components of
    other classes are left out, and OCPI gives each class a tariff of its own. Prices there are
    without VAT, of time per hour. What it has no field for stands in ``tariff_alt_text``. Raises
    ValueError where the terms speak of power classes and ``power_w`` is not given.
    """
    used = [component for component in terms.components if _of_class(component.when, power_w)]
    found: dict[str, Any] = {
        "country_code": country_code,
        "party_id": party_id,
        "id": tariff_id,
        "currency": terms.currency,
        "elements": [element for each in used for element in _elements(each, terms)],
        "last_updated": last_updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    for name, limit in (("min_price", terms.minimum), ("max_price", terms.maximum)):
        if limit is not None:
            found[name] = _limit(limit, terms)
    if text := " ".join(unsaid(replace(terms, components=tuple(used)))):
        found["tariff_alt_text"] = [{"language": "en", "text": text[:512]}]
    return found


def unsaid(terms: Terms) -> Iterator[str]:
    """What matters to the driver and has no field in OCPI 2.2.1, in English."""
    for component in terms.components:
        if component.grace_seconds:
            yield f"The first {component.grace_seconds / 60:g} min without charging are free."
        if component.cap is not None:
            yield f"Time without charging costs at most {component.cap} {terms.currency}."
        if component.step and component.step_rounding is StepRounding.DOWN:
            unit = "s" if component.kind in TIMED else "Wh"
            yield f"Only full steps of {component.step} {unit} are charged ({component.kind})."
        if terms.tax_included and not _is_exact(_net(component.price, component, terms)):
            unit = "" if component.per is Per.ONCE else f" per {component.per}"
            yield f"With VAT it is {component.price} {terms.currency}{unit} ({component.kind})."


def _of_class(when: Restrictions, power_w: int | None) -> bool:
    if not when.by_power():
        return True
    if power_w is None:
        raise ValueError("these terms depend on the power class: it must be given")
    return (when.min_w or 0) <= power_w and (when.max_w is None or power_w < when.max_w)


def _elements(component: Component, terms: Terms) -> Iterator[dict[str, Any]]:
    """The element of a component, and before it those that make hours free within it."""
    for window in component.not_between:
        for free in _shared(window, component.when.between):
            when = replace(component.when, between=free)
            yield _element(replace(component, price=Decimal(0), when=when), terms)
    yield _element(component, terms)


def _element(component: Component, terms: Terms) -> dict[str, Any]:
    per_hour = 60 if component.per is Per.MINUTE else 1
    up = component.step_rounding is StepRounding.UP
    price = {
        "type": TYPES[component.kind],
        "price": _number(_net(component.price * per_hour, component, terms)),
        "vat": float(terms.rate(component)),
        "step_size": component.step if component.step and up else 1,
    }
    restrictions = _restrictions(component)
    element: dict[str, Any] = {"price_components": [price]}
    return {**element, "restrictions": restrictions} if restrictions else element


def _restrictions(component: Component) -> dict[str, Any]:
    when = component.when
    found: dict[str, Any] = {
        "start_time": when.between and f"{when.between.start:%H:%M}",
        "end_time": when.between and f"{when.between.end:%H:%M}",
        "start_date": when.from_date and when.from_date.isoformat(),
        "end_date": when.until_date and when.until_date.isoformat(),
        "min_kwh": _kilo(when.min_wh),
        "max_kwh": _kilo(when.max_wh),
        "min_duration": when.min_seconds,
        "max_duration": when.max_seconds,
        "day_of_week": [DAYS[day] for day in sorted(when.weekdays)] or None,
    }
    if component.kind in RESERVING:
        found["reservation"] = "RESERVATION_EXPIRES" if component.expired else "RESERVATION"
    return {name: value for name, value in found.items() if value is not None}


def _limit(limit: Decimal, terms: Terms) -> dict[str, float]:
    """A Price: of gross prices with the tariff's own rate taken off."""
    if not terms.tax_included:
        return {"excl_vat": float(limit)}
    net = Fraction(limit) / (1 + Fraction(terms.tax_rate) / 100)
    return {"excl_vat": _number(net), "incl_vat": float(limit)}


def _net(price: Decimal, component: Component, terms: Terms) -> Fraction:
    rate = Fraction(terms.rate(component)) / 100 if terms.tax_included else 0
    return Fraction(price) / (1 + rate)


def _is_exact(value: Fraction) -> bool:
    return Fraction(str(_number(value))) == value


def _number(value: Fraction) -> float:
    """A number with the four decimals OCPI has (types, number)."""
    return round(value * 10**4) / 10**4


def _kilo(value: int | None) -> float | None:
    return None if value is None else value / 1000


def _shared(window: Window, other: Window | None) -> list[Window]:
    """The times of day in both windows; OCPI has no windows that are left out."""
    if other is None:
        return [window]
    inside = [window.holds(_at(minute)) and other.holds(_at(minute)) for minute in range(_DAY)]
    opens = [minute for minute in range(_DAY) if inside[minute] and not inside[minute - 1]]
    return [Window(_at(start), _at(_closes(inside, start))) for start in opens]


def _closes(inside: list[bool], minute: int) -> int:
    while inside[minute % _DAY]:
        minute += 1
    return minute


def _at(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)
