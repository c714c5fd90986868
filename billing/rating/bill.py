"""What pricing gives: a bill with its lines, their tax and the reasons; Decimal throughout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from billing.rating.terms import TaxRounding, Terms
from cms.shared import money


class Reason(NamedTuple):
    """Why a line is as it is: a code and what it speaks of; ``wording`` says it in English."""

    code: str
    values: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Charge:
    """A line before tax: rounded once, on the basis (net or gross) of the tariff's prices."""

    kind: str  # a Kind, or "minimum"
    component: int | None  # its place in the terms
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal  # what is charged
    reduction: Decimal  # what a cap or the maximum took off it before
    tax_rate: Decimal  # percent
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill; nothing in it is negative, and gross is always net + tax."""

    kind: str  # a Kind, or "minimum"
    component: int | None
    quantity: Decimal  # to six decimals; the amount was worked out from the exact one
    unit: str
    unit_price: Decimal  # with tax where the bill's ``tax_included`` says so
    reduction: Decimal  # likewise
    tax_rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    why: tuple[Reason, ...]


class TaxTotal(NamedTuple):
    """The lines with one tax rate together."""

    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What a session or reservation costs by certain terms."""

    currency: str
    tax_included: bool
    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]  # by rate, ascending
    net: Decimal
    tax: Decimal
    gross: Decimal


def bill(charges: Sequence[Charge], terms: Terms) -> Bill:
    """Put the tax to the charges, rounded as the terms say, and add them up."""
    taxed = zip(charges, _taxes(charges, terms), strict=True)
    lines = tuple(_line(charge, tax, terms) for charge, tax in taxed)
    taxes = tuple(
        TaxTotal(rate, *_sums((line for line in lines if line.tax_rate == rate), terms))
        for rate in sorted({line.tax_rate for line in lines})
    )
    return Bill(terms.currency, terms.tax_included, lines, taxes, *_sums(lines, terms))


def _line(charge: Charge, tax: Decimal, terms: Terms) -> Line:
    net = charge.amount - tax if terms.tax_included else charge.amount
    return Line(
        charge.kind,
        charge.component,
        charge.quantity,
        charge.unit,
        charge.unit_price,
        charge.reduction,
        charge.tax_rate,
        net,
        tax,
        net + tax,
        charge.why,
    )


def _taxes(charges: Sequence[Charge], terms: Terms) -> list[Decimal]:
    """The tax of each charge, in order."""
    if terms.tax_rounding is TaxRounding.LINE:
        return [_tax(charge.amount, charge.tax_rate, terms) for charge in charges]
    taxes: dict[int, Decimal] = {}
    for rate in {charge.tax_rate for charge in charges}:
        places = [index for index, charge in enumerate(charges) if charge.tax_rate == rate]
        amounts = [charges[index].amount for index in places]
        total = _tax(sum(amounts, Decimal(0)), rate, terms)
        taxes.update(zip(places, money.shared_out(total, amounts, terms.currency), strict=True))
    return [taxes[index] for index in range(len(charges))]


def _tax(amount: Decimal, rate: Decimal, terms: Terms) -> Decimal:
    """The tax on, or with included tax in, an amount."""
    return money.rounded(Fraction(amount) * _part(rate, terms.tax_included), terms.currency)


@lru_cache(maxsize=100)
def _part(rate: Decimal, included: bool) -> Fraction:
    part = Fraction(rate) / 100
    return part / (1 + part) if included else part


def _sums(lines: Iterable[Line], terms: Terms) -> tuple[Decimal, Decimal, Decimal]:
    net = tax = money.in_minor_units(0, terms.currency)
    for line in lines:
        net, tax = net + line.net, tax + line.tax
    return net, tax, net + tax
