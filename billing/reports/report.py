"""The whole report from one moment: a statement for each currency, and what is not done yet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from billing.models import BillingPeriod
from billing.reports import books, closed, tables, unfinished
from billing.reports.asked import Asked
from billing.reports.books import Line
from billing.reports.outstanding import has_debts, outstanding
from billing.reports.scope import Scope
from billing.reports.tables import Row, Sums, Table, Vat
from billing.reports.unfinished import Unfinished
from cms.shared import money
from cms.shared.snapshot import snapshot

_Amounts = TypeVar("_Amounts", bound=NamedTuple)


class Statement(NamedTuple):
    """Everything in one currency; amounts in whole minor units of it.

    ``groups``: those shown by name; ``others``: how many more there are, ``rest`` their sums.
    ``refunds`` is below zero. ``outstanding``: none where anything but an owner is chosen, for no
    debt is of a site. ``books`` is about everything, whatever was chosen, and not rounded:
    the least difference counts; none for who sees some sites, of which the ledger knows nothing.
    """

    currency: str
    groups: list[Row]
    others: int
    rest: Sums
    total: Sums
    vat: list[Vat]
    refunds: Decimal
    outstanding: Decimal | None
    books: Line | None


class Report(NamedTuple):
    """What was asked, when it was answered, and the answer."""

    asked: Asked
    made_at: datetime
    statements: list[Statement]
    unfinished: Unfinished
    misfits: int  # bills, of whatever time, that no longer fit their sessions
    closed: list[BillingPeriod]  # those it has a part in


def report(asked: Asked, *, at: datetime) -> Report:
    """Sum everything that was asked for. Twelve queries, whatever there is."""
    scope = asked.scope
    with snapshot():
        found = {table.currency: table for table in tables.tables(scope, by=asked.by)}
        lines = {line.currency: line for line in books.reconciliation(scope)}
        given, owing = books.given_back(scope), outstanding(scope)
        missing = unfinished.before(min(scope.until, at), sites=scope.sites)
        misfits, sealed = unfinished.misfits(sites=scope.sites), closed.of_time(scope)
    currencies = {*found, *given, *owing, *(() if scope.only else lines)}
    if scope.currency:
        currencies &= {scope.currency}
    statements = [
        _statement(
            found.get(currency) or Table(currency, [], Sums(), []),
            lines.get(currency) or _nothing(scope, currency),
            given.get(currency, Decimal(0)),
            owing.get(currency, Decimal(0)) if has_debts(scope) else None,
            asked,
        )
        for currency in sorted(currencies)
    ]
    return Report(asked, at, statements, missing, misfits, sealed)


def _nothing(scope: Scope, currency: str) -> Line | None:
    """Where nothing was booked, or where that is not to be seen."""
    return Line(currency, *[Decimal(0)] * 7) if scope.sites is None else None


def _statement(
    table: Table, line: Line | None, refunds: Decimal, owing: Decimal | None, asked: Asked
) -> Statement:
    currency = table.currency
    rows = _sorted(table.rows, asked.sort)
    shown, others = rows[: asked.limit], rows[asked.limit :]
    return Statement(
        currency,
        [row._replace(sums=_rounded(row.sums, currency)) for row in shown],
        len(others),
        _rounded(tables.total(row.sums for row in others), currency),
        _rounded(table.total, currency),
        [_rounded(vat, currency, but=("rate",)) for vat in table.vat],
        money.rounded(refunds, currency),
        None if owing is None else money.rounded(owing, currency),
        line,
    )


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """By name as they come; bills that belong to nobody last, whatever the direction."""
    column, down = sort.removeprefix("-"), sort.startswith("-")
    if column == "name":
        named = [row for row in rows if row.key is not None]
        return (named[::-1] if down else named) + [row for row in rows if row.key is None]
    field = "energy_wh" if column == "energy" else column
    return sorted(rows, key=lambda row: getattr(row.sums, field), reverse=down)


def _rounded(of: _Amounts, currency: str, but: tuple[str, ...] = ()) -> _Amounts:
    """The same with its amounts in the decimals of the currency: they are whole already."""
    amounts: dict[str, Any] = {
        name: money.rounded(value, currency)
        for name, value in of._asdict().items()
        if isinstance(value, Decimal) and name not in but
    }
    return of._replace(**amounts)
