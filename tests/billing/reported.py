"""A world to report on, and the files of a report as those who get them read them."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from openpyxl import load_workbook
from pypdf import PdfReader

from billing.models import Account, EntryKind, JournalEntry
from billing.services import giving_back, tariffs
from cms.accounts.models import User
from tests.billing.charging import (
    LATER,
    a_driver,
    a_site,
    a_station,
    a_tariff,
    bill_all,
    charged,
    everywhere,
)

FRANCS = {"currency": "CHF", "tax_rate": "8.1", "components": [{"kind": "energy", "price": "0.37"}]}
# Where clocks are an hour or two ahead of UTC, and what a_world charged was billed.
MARCH = "since=2025-03-01&until=2025-03-31&zone=Europe/Berlin"


def a_world() -> None:
    """Ann charged for 3.57 EUR at the harbour, of which 1.19 was given back, and for 4.00 CHF."""
    harbour, bern = a_station("CP-1"), a_station("CP-2", a_site("Bern"))
    a_driver()
    everywhere()
    tariffs.assign(tariff=a_tariff("Francs", FRANCS), level="station", target=bern)
    charged(harbour)
    charged(bern, minute=120)
    bill_all()
    charge = JournalEntry.objects.filter(kind=EntryKind.CHARGE, bill__currency="EUR").get()
    giving_back.refund(
        charge_id=charge.pk, amount=Decimal("1.19"), reason="goodwill", key="r", at=LATER
    )


def renamed(name: str) -> None:
    """Everybody and everything that has a name is called this now."""
    User.objects.filter(username="ann").update(username=name)
    Account.objects.filter(kind="Wallet").update(name=name)


def csv_rows(content: bytes) -> list[dict[str, str]]:
    """A CSV as a program reads it."""
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def sheets(content: bytes) -> Any:
    """A workbook."""
    return load_workbook(BytesIO(content))


def sheet_rows(sheet: Any) -> list[dict[str, Any]]:
    """The rows of a sheet by the names of its first."""
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def pdf_text(content: bytes) -> str:
    """What a statement says, without its line breaks."""
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
