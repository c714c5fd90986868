"""What makes no sense in terms that are well-formed: by the path of the field, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing.rating.terms import (
    FLAT,
    RESERVING,
    TIMED,
    Component,
    Kind,
    Per,
    Restrictions,
    Terms,
)
from cms.shared import money
from cms.shared.errors import Text

LIMITS = ("min_w", "max_w", "min_wh", "max_wh", "min_seconds", "max_seconds")
Problem = tuple[str, Text]  # the path of the field, what is wrong


def problems(terms: Terms) -> Iterator[Problem]:
    """All that is wrong with terms whose fields are each of the right form."""
    for name, amount in (("minimum", terms.minimum), ("maximum", terms.maximum)):
        yield from _payable(name, amount, terms.currency)
    if None not in (terms.minimum, terms.maximum) and terms.minimum > terms.maximum:  # type: ignore[operator]
        yield "maximum", Text("This must not be below the minimum.")
    for index, component in enumerate(terms.components):
        for name, problem in _of_component(component, terms.currency):
            yield f"components.{index}.{name}", problem


def _of_component(component: Component, currency: str) -> Iterator[Problem]:
    yield from _unit(component)
    yield from _payable("cap", component.cap, currency)
    if component.step and component.kind in FLAT:
        yield "step", Text("A %(kind)s fee has no steps.", kind=component.kind)
    idle_only = {
        "grace_seconds": component.grace_seconds,
        "cap": component.cap,
        "not_between": component.not_between,
    }
    for name, value in idle_only.items():
        if value and component.kind is not Kind.IDLE:
            yield name, Text("Only idle time has this.")
    if component.expired is not None and component.kind not in RESERVING:
        yield "expired", Text("Only a reservation has this.")
    for name, problem in _of_restrictions(component.when, component.kind):
        yield f"when.{name}", problem


def _unit(component: Component) -> Iterator[Problem]:
    if component.kind in FLAT:
        units = {Per.ONCE}
    elif component.kind in TIMED:
        units = {Per.MINUTE, Per.HOUR}
    else:
        units = {Per.KWH}
    if component.per not in units:
        yield (
            "per",
            Text(
                "%(kind)s is priced per %(units)s.",
                kind=component.kind,
                units=", ".join(sorted(units)),
            ),
        )


def _of_restrictions(when: Restrictions, kind: Kind) -> Iterator[Problem]:
    for low, high in zip(LIMITS[::2], LIMITS[1::2], strict=True):
        least, most = getattr(when, low), getattr(when, high)
        if most is not None and (least or 0) >= most:
            yield high, Text("This must be above %(low)s, or 0 where there is none.", low=low)
    if when.from_date and when.until_date and when.from_date >= when.until_date:
        yield "until_date", Text("This must be after from_date.")
    for name in LIMITS[2:]:
        if getattr(when, name) is not None and (kind in FLAT or _never(name, kind)):
            yield name, Text("%(kind)s is charged before this can be known.", kind=kind)


def _never(name: str, kind: Kind) -> bool:
    """Whether a limit speaks of energy where none flows."""
    return kind is Kind.RESERVATION_TIME and name.endswith("_wh")


def _payable(name: str, amount: Decimal | None, currency: str) -> Iterator[Problem]:
    if amount is not None and not money.is_whole(amount, currency):
        yield (
            name,
            Text(
                "This has a part smaller than the smallest unit of %(currency)s.", currency=currency
            ),
        )
