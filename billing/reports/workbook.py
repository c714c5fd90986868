"""A report as a workbook: Summary, Sessions and VAT, with typed cells, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import override
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from billing.reports import exports, words
from billing.reports.report import Report, Statement
from billing.reports.tables import Sums
from cms.shared import money

MOST_ROWS = 1_048_576  # of a sheet; what is beyond it would be left out without a word
_WIDE, _USUAL = 26, 13
_WIDTHS = {"reason": 40, "site": 26, "paid_by": 26, "driver": 20, "tariff": 20}
_SUMS = ("Sessions", "kWh", "Net", "VAT", "Gross")


class _Book:
    """A workbook with its formats. No text becomes a formula, a link or a number."""

    def __init__(self, path: Path) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),  # /tmp may be a small memory disk
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.book = Workbook(str(path), options)
        self.book.use_zip64()
        self._formats: dict[tuple[str, bool], Any] = {}

    def sheet(self, name: str, columns: Sequence[str], widths: Sequence[int]) -> Worksheet:
        """A sheet whose first row names its columns and stays in sight."""
        sheet = self.book.add_worksheet(name)
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        self.row(sheet, 0, columns, bold=True)
        sheet.freeze_panes(1, 0)
        return sheet

    def row(
        self, sheet: Worksheet, at: int, values: Iterable[Any], currency: str = "", **look: Any
    ) -> None:
        """Write one row; Decimals have the decimals they are written with."""
        for column, value in enumerate(values):
            if value is not None:
                self._cell(sheet, at, column, value, **look)

    def _cell(
        self, sheet: Worksheet, at: int, column: int, value: Any, *, bold: bool = False
    ) -> None:
        if isinstance(value, datetime):
            local = value.replace(tzinfo=None)  # a cell has no zone: the column's name says it
            sheet.write_datetime(at, column, local, self._format("yyyy-mm-dd hh:mm:ss", bold))
        elif isinstance(value, Decimal):
            places = -int(value.as_tuple().exponent)
            look = "#,##0" + ("." + "0" * places if places > 0 else "")
            sheet.write_number(at, column, value, self._format(look, bold))
        elif isinstance(value, int):
            sheet.write_number(at, column, value, self._format("0", bold))
        else:
            sheet.write_string(at, column, str(value), self._format("@", bold))

    def _format(self, look: str, bold: bool) -> Any:
        key = (look, bold)
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"num_format": look, "bold": bold})
        return self._formats[key]


@override("en")  # files stay English
def write(path: Path, report: Report, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write the workbook of ``report`` to ``path``; ``rows`` are those of exports.rows."""
    made = _Book(path)
    with made.book:
        _summary(made, report)
        _sessions(made, report, rows)
        _vat(made, report)


def _summary(made: _Book, report: Report) -> None:
    columns = ("Currency", words.group(report.asked), *_SUMS)
    sheet = made.sheet("Summary", columns, (_WIDE, _WIDE, *[_USUAL] * len(_SUMS)))
    at = 1
    for statement in report.statements:
        for values, bold in _table(statement):
            made.row(sheet, at, values, bold=bold)
            at += 1
    at += 1
    for values in _facts(report):
        made.row(sheet, at, values)
        at += 1


def _table(statement: Statement) -> Iterable[tuple[tuple[Any, ...], bool]]:
    """The groups of a currency, and their total."""
    currency = statement.currency
    for group in statement.groups:
        yield (currency, group.name or "–", *_sums(group.sums)), False
    if statement.others:
        yield (currency, f"{statement.others} more", *_sums(statement.rest)), False
    yield (currency, "Total", *_sums(statement.total)), True


def _sums(sums: Sums) -> tuple[Any, ...]:
    kwh = Decimal(sums.energy_wh).scaleb(-3)
    return (sums.sessions, kwh, sums.net, sums.tax, sums.gross)


def _facts(report: Report) -> Iterable[tuple[Any, ...]]:
    """What else there is to say: the time, what customers owe, whether the ledger agrees."""
    yield from words.about(report)
    yield (words.made(report),)
    for each in report.statements:
        line, currency = each.books, each.currency
        yield "Refunds and credit notes", currency, each.refunds
        yield "Outstanding at the end", currency, each.outstanding
        if line is None:
            continue
        yield "Report total (everything)", currency, money.rounded(line.report_total, currency)
        yield "Ledger total (everything)", currency, money.rounded(line.ledger_total, currency)
        yield "Report = ledger", currency, words.reconciled(line)
    for sentence in words.unfinished(report.unfinished):
        yield (sentence,)


def _sessions(made: _Book, report: Report, rows: Iterable[tuple[Any, ...]]) -> None:
    """Every bill and reversal; a sheet that is full goes on in another."""
    zone = report.asked.scope.zone
    columns = [_titled(name, zone) for name in exports.COLUMNS]
    widths = [_width(name) for name in exports.COLUMNS]
    new: Callable[[int], Worksheet] = lambda number: made.sheet(  # noqa: E731
        f"Sessions {number}" if number > 1 else "Sessions", columns, widths
    )
    number, at, sheet = 1, 1, new(1)
    for row in rows:
        if at == MOST_ROWS:
            sheet.autofilter(0, 0, at - 1, len(columns) - 1)
            number, at = number + 1, 1
            sheet = new(number)
        made.row(sheet, at, row)
        at += 1
    sheet.autofilter(0, 0, at - 1, len(columns) - 1)


def _titled(column: str, zone: str) -> str:
    return f"{column} ({zone})" if column.endswith("_at") else column


def _width(column: str) -> int:
    return 28 if column.endswith("_at") else _WIDTHS.get(column, _USUAL)


def _vat(made: _Book, report: Report) -> None:
    columns = ("Currency", "Country", "Rate %", "Net", "VAT", "Gross")
    sheet = made.sheet("VAT", columns, [_USUAL] * len(columns))
    lines = [
        (each.currency, vat.country, vat.rate.normalize() + 0, vat.net, vat.tax, vat.gross)
        for each in report.statements
        for vat in each.vat
    ]
    for at, line in enumerate(lines, 1):
        made.row(sheet, at, line)
    sheet.autofilter(0, 0, len(lines), len(columns) - 1)
