"""What a finance department reads, as figures one can compare: the report's page and its files."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from openpyxl import load_workbook
from playwright.sync_api import Page
from pypdf import PdfReader


class Figures(NamedTuple):
    """What was billed in a time."""

    sessions: int
    kwh: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal

    @classmethod
    def said(cls, *words: str) -> Figures:
        """From numbers as people read them."""
        sessions, *amounts = (word.replace(",", "") for word in words)
        return cls(int(sessions), *map(Decimal, amounts))


def of_page(page: Page, currency: str = "EUR") -> Figures:
    """The total of the table."""
    total = page.locator(f"#report-{currency} .vd-sortable tfoot td").all_inner_texts()
    return Figures.said(*total)


def of_csv(file: Path) -> Figures:
    """The sum of its lines."""
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    sums = (sum(Decimal(row[name]) for row in rows) for name in ("kwh", "net", "tax", "gross"))
    return Figures(sum(1 if row["kind"] == "Bill" else -1 for row in rows), *sums)


def of_workbook(file: Path) -> Figures:
    """The sum of its sessions."""
    book = load_workbook(BytesIO(file.read_bytes()), read_only=True)
    first, *rows = book["Sessions"].iter_rows(values_only=True)
    found = [dict(zip(first, row, strict=True)) for row in rows]
    sums = (
        sum(Decimal(str(row[name] or 0)) for row in found)
        for name in ("kwh", "net", "tax", "gross")
    )
    return Figures(sum(1 if row["kind"] == "Bill" else -1 for row in found), *sums)


def of_pdf(content: bytes) -> str:
    """All a paper says."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def total(row: str) -> Decimal:
    """The amount in the row of an invoice: the first of them."""
    return Decimal(re.findall(r"(-?[0-9.,]+) EUR", row)[0].replace(",", ""))
