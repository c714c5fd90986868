"""Tables to begin an import with: the names of the columns, and two rows to be written over."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

from django.http import HttpResponse
from xlsxwriter import Workbook

from rfid.services import columns

_ROWS = (
    ("04A1B2C3D4E5F6", "Van 7", "anna", "", "Active", "", "", "2027-12-31"),
    ("0x0411223344", "Old card", "", "", "Blocked", "lost", "2026-01-01", ""),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 22


def as_csv() -> HttpResponse:
    """As CSV: UTF-8 with a BOM, by which Excel knows it."""
    buffer = StringIO()
    csv.writer(buffer).writerows([_head(), *_ROWS])
    return _saved(f"\ufeff{buffer.getvalue()}".encode(), "cards.csv", "text/csv; charset=utf-8")


def as_xlsx() -> HttpResponse:
    """As a workbook of texts: no number loses a leading zero."""
    buffer = BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    sheet, text = book.add_worksheet("Cards"), book.add_format({"num_format": "@"})
    sheet.set_column(0, len(_head()) - 1, _WIDTH, text)
    for number, row in enumerate([_head(), *_ROWS]):
        for at, cell in enumerate(row):
            sheet.write_string(number, at, cell, text)
    book.close()
    return _saved(buffer.getvalue(), "cards.xlsx", _XLSX)


def _head() -> list[str]:
    return [str(name) for name in columns.FIELDS.values()]


def _saved(content: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=content_type, headers=headers)
