"""The tables of a report: one for each currency, since amounts of two are never added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from billing.models import BillKind, BillLine
from billing.reports.scope import GROUPS, Scope


class Sums(NamedTuple):
    """What bills come to. ``sessions``: bills less those taken back, so it may be below zero."""

    sessions: int = 0
    energy_wh: int = 0
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)


class Row(NamedTuple):
    """The sums of one site, station ...; no ``key``: bills that belong to none."""

    key: int | None
    name: str
    sums: Sums


class Vat(NamedTuple):
    """What was sold at one rate (percent) of one country."""

    country: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


class Table(NamedTuple):
    """Everything in one currency: rows by name, their total, and the tax by rate."""

    currency: str
    rows: list[Row]
    total: Sums
    vat: list[Vat]


def tables(scope: Scope, *, by: str) -> list[Table]:
    """What was billed, grouped ``by`` one of GROUPS; currencies in order. Two queries.

    Raises KeyError where there is no such group.
    """
    rows, taxes = _rows(scope, *GROUPS[by]), _taxes(scope)
    return [
        Table(currency, found, total(row.sums for row in found), taxes[currency])
        for currency, found in sorted(rows.items())
    ]


def groups(scope: Scope, *, by: str) -> dict[str, list[Row]]:
    """The rows of ``tables`` alone, by currency. One query."""
    return _rows(scope, *GROUPS[by])


def by_day(scope: Scope) -> dict[str, list[tuple[date, Sums]]]:
    """What was billed on each day that has bills, by the clocks of the zone. One query."""
    found: dict[str, list[tuple[date, Sums]]] = defaultdict(list)
    day = TruncDate("billed_at", tzinfo=ZoneInfo(scope.zone))
    for row in _summed(scope.bills().values("currency", day=day)).order_by("day"):
        found[row["currency"]].append((row["day"], _sums(row)))
    return found


def _rows(scope: Scope, key: str, name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in _summed(scope.bills().values("currency", key=F(key), name=F(name))):
        found[row["currency"]].append(Row(row["key"], row["name"] or "", _sums(row)))
    for rows in found.values():
        rows.sort(key=lambda row: (row.key is None, row.name, row.key or 0))
    return found


def _summed(grouped: Any) -> Any:
    return grouped.annotate(
        bills=Count("pk", filter=Q(kind=BillKind.BILL)),
        taken_back=Count("pk", filter=Q(kind=BillKind.REVERSAL)),
        sum_wh=Sum("energy_wh"),
        sum_net=Sum("net"),
        sum_tax=Sum("tax"),
        sum_gross=Sum("gross"),
    )


def _sums(row: dict[str, Any]) -> Sums:
    amounts = (row[f"sum_{of}"] for of in ("wh", "net", "tax", "gross"))
    return Sums(row["bills"] - row["taken_back"], *amounts)


def _taxes(scope: Scope) -> dict[str, list[Vat]]:
    lines = BillLine.objects.filter(bill__in=scope.bills()).order_by()
    grouped = lines.values("bill__currency", "bill__country", "tax_rate")
    sums = grouped.annotate(sum_net=Sum("net"), sum_tax=Sum("tax"), sum_gross=Sum("gross"))
    found: dict[str, list[Vat]] = defaultdict(list)
    for row in sums.order_by("bill__currency", "bill__country", "tax_rate"):
        amounts = (row["sum_net"], row["sum_tax"], row["sum_gross"])
        found[row["bill__currency"]].append(Vat(row["bill__country"], row["tax_rate"], *amounts))
    return found


def total(rows: Iterable[Sums]) -> Sums:
    """Several sums as one."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return Sums()
    sessions, energy = sum(columns[0]), sum(columns[1])
    return Sums(sessions, energy, *(sum(column, Decimal(0)) for column in columns[2:]))
