"""A report on paper: totals, VAT, groups and the word of the ledger, not every session."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import override

from billing.documents.canvas import Frame
from billing.documents.pages import Column, Pages
from billing.reports import words
from billing.reports.report import Report, Statement
from billing.reports.tables import Sums

_SUMS = (
    Column("Sessions", 1, right=True),
    Column("kWh", 1.4, right=True),
    Column("Net", 1.4, right=True),
    Column("VAT", 1.2, right=True),
    Column("Gross", 1.4, right=True),
)
_VAT = (Column("Country", 1), Column("Rate", 1), *(_SUMS[2:]))


@override("en")  # files stay English
def pdf(report: Report) -> bytes:
    """The file. Raises nothing of its own: texts are shown as the fonts can."""
    pages = Pages(Frame("Billing report", report.made_at, foot=(words.made(report),)))
    pages.heading("Billing report", size=16)
    pages.facts(words.about(report))
    for sentence in words.unfinished(report.unfinished):
        pages.paragraph(sentence)
    if not report.statements:
        pages.paragraph("Nothing was billed and nothing is owed.")
    for statement in report.statements:
        _statement(pages, report, statement)
    return pages.finished()


def _statement(pages: Pages, report: Report, statement: Statement) -> None:
    currency = statement.currency
    pages.heading(currency)
    pages.facts(_facts(statement))
    pages.table(
        (Column(words.group(report.asked), 3), *_SUMS),
        (list(row) for row in _groups(statement)),
        totals=[["Total", *_sums(statement.total)]],
    )
    pages.heading(f"VAT in {currency}", size=11)
    lines = [
        [vat.country or "–", words.percent(vat.rate), *map(_amount, (vat.net, vat.tax, vat.gross))]
        for vat in statement.vat
    ]
    total = statement.total
    pages.table(
        _VAT, lines, totals=[["Total", "", *map(_amount, (total.net, total.tax, total.gross))]]
    )


def _facts(statement: Statement) -> Iterable[tuple[str, str]]:
    currency, line = statement.currency, statement.books
    yield "Gross", f"{_amount(statement.total.gross)} {currency}"
    yield "Refunds and credit notes", f"{_amount(statement.refunds)} {currency}"
    if statement.outstanding is not None:
        yield "Outstanding at the end", f"{_amount(statement.outstanding)} {currency}"
    if line is not None:
        yield "Report = ledger", words.reconciled(line)


def _groups(statement: Statement) -> Iterable[tuple[str, ...]]:
    for group in statement.groups:
        yield (group.name or "–", *_sums(group.sums))
    if statement.others:
        yield (f"{statement.others} more", *_sums(statement.rest))


def _sums(sums: Sums) -> tuple[str, ...]:
    return (f"{sums.sessions:,}", f"{sums.energy_wh / 1000:,.3f}", *map(_amount, sums[2:]))


def _amount(amount: Decimal) -> str:
    return f"{amount:,f}"
