"""How the hand-calculated cases are written: terms, what happened, and each line's calculation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from billing.rating import documents
from billing.rating.bill import Bill
from billing.rating.checks import LIMITS
from billing.rating.terms import Terms
from billing.rating.usage import Reading, Reservation, StateChange, Usage

BERLIN = "Europe/Berlin"
_WHEN = {"between", "weekdays", "from_date", "until_date", *LIMITS}
_CALCULATION = re.compile(
    r"(?P<kind>\w+): (?P<quantity>[\d.]+) (?P<unit>\w+) \* (?P<price>[\d.]+)"
    r"( - (?P<reduction>[\d.]+))? = (?P<amount>[\d.]+)"
)


class Case(NamedTuple):
    """A bill worked out by hand: ``kind: quantity unit * price [- reduction] = amount`` by line.

    ``taxes`` holds ``rate % of amount = tax`` for each rate; the total is what the driver pays.
    """

    name: str
    terms: Terms
    usage: Usage
    lines: str
    total: str
    taxes: str = ""
    until: datetime | None = None


def component(kind: str, price: str, **more: Any) -> dict[str, Any]:
    """A component as JSON; restrictions stand beside its other members."""
    when = {name: more.pop(name) for name in list(more) if name in _WHEN}
    return {"kind": kind, "price": price, "when": when, **more}


def tariff(*components: dict[str, Any], currency: str = "EUR", **more: Any) -> Terms:
    """Terms read from JSON, as those of a stored tariff are."""
    return documents.terms({"currency": currency, "components": list(components), **more})


def utc(text: str) -> datetime:
    """``2026-05-04 12:00`` with or without an offset (then UTC)."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def session(
    start: str | None,
    end: str | None,
    *readings: tuple[str, float],
    zone: str = BERLIN,
    idle: Iterable[str] = (),
    kwh: float | None = None,
    kw: float | None = None,
    reserved: tuple[str, str] | None = None,
) -> Usage:
    """A session; ``idle`` holds when it began to be idle, charged again, was idle ... in turn."""
    return Usage(
        zone=zone,
        started_at=utc(start) if start else None,
        ended_at=utc(end) if end else None,
        readings=[Reading(utc(at), round(register * 1000)) for at, register in readings],
        states=[StateChange(utc(at), not index % 2) for index, at in enumerate(idle)],
        energy_wh=None if kwh is None else round(kwh * 1000),
        power_w=None if kw is None else round(kw * 1000),
        reservation=Reservation(utc(reserved[0]), utc(reserved[1])) if reserved else None,
    )


def expired(start: str, end: str) -> Usage:
    """A reservation that nobody came for."""
    return Usage(zone=BERLIN, reservation=Reservation(utc(start), utc(end), expired=True))


def calculations(text: str) -> list[dict[str, str]]:
    """The lines of a case, taken apart; each must be right by itself."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _CALCULATION.fullmatch(line)
        assert match, f"not a calculation: {line}"
        found.append({**match.groupdict(default="0")})
    return found


def as_calculations(bill: Bill) -> list[dict[str, str]]:
    """The lines of a bill in the same form."""
    return [
        {
            "kind": line.kind,
            "quantity": str(line.quantity),
            "unit": line.unit,
            "price": str(line.unit_price),
            "reduction": str(line.reduction) if line.reduction else "0",
            "amount": str(line.gross if bill.tax_included else line.net),
        }
        for line in bill.lines
    ]


def as_taxes(bill: Bill) -> str:
    """The taxes of a bill in the form of a case."""
    return ", ".join(
        f"{rate}% of {gross if bill.tax_included else net} = {tax}"
        for rate, net, tax, gross in bill.taxes
        if rate != Decimal(0)
    )
