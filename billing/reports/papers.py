"""An invoice or credit note as PDF, from its rows alone: the same file whenever it is made."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.documents.canvas import Frame
from billing.documents.pages import Column, Pages
from billing.models import Invoice, InvoiceKind, InvoiceLine
from cms.shared import money


def pdf(invoice: Invoice) -> bytes:
    """The file. Two queries."""
    pages = Pages(_frame(invoice))
    pages.heading(f"{invoice.get_kind_display()} {invoice.number}", size=15)
    pages.beside(_recipient(invoice), _facts(invoice))
    _sessions(pages, invoice, list(invoice.lines.order_by("position")))
    _taxes(pages, invoice)
    for text in (_payment(invoice), invoice.issuer_note):
        if text:
            pages.paragraph(text)
    return pages.finished()


def file_name(invoice: Invoice) -> str:
    """What the file is called."""
    return f"{invoice.number.replace('/', '-')}.pdf"


def amount(value: Decimal, currency: str) -> str:
    """``1,234.50``, with as many decimals as the currency has."""
    return f"{money.rounded(value, currency):,f}"


def minute(moment: datetime, zone: str) -> str:
    """``2025-03-01 14:05`` by the clocks of ``zone``."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def day(moment: datetime, zone: str) -> str:
    """``2025-03-01``."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def days(since: datetime, until: datetime, zone: str) -> str:
    """The first and the last day of a time that ends before ``until``."""
    return f"{day(since, zone)} – {day(until - timedelta.resolution, zone)}"


def kwh(energy_wh: int) -> str:
    """``12.345``."""
    return f"{Decimal(energy_wh).scaleb(-3):,f}" if energy_wh else ""


def _frame(invoice: Invoice) -> Frame:
    tax = f"Tax number {invoice.issuer_tax_number}" if invoice.issuer_tax_number else ""
    place = [*invoice.issuer_address.splitlines(), invoice.issuer_country]
    address = (", ".join(filter(None, place)), tax, invoice.issuer_contact)
    foot = (" · ".join(filter(None, [invoice.issuer_name, tax])), invoice.issuer_bank)
    return Frame(
        f"{invoice.get_kind_display()} {invoice.number}",
        invoice.issued_at,
        (invoice.issuer_name, *filter(None, address)),
        tuple(filter(None, foot)),
    )


def _recipient(invoice: Invoice) -> list[str]:
    lines = [
        invoice.recipient_name,
        *invoice.recipient_address.splitlines(),
        invoice.recipient_country,
    ]
    return [line for line in lines if line.strip()]


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    corrected = invoice.corrects
    of = f"{corrected.number} of {day(corrected.issued_at, corrected.zone)}" if corrected else ""
    facts = [
        ("Number", invoice.number),
        ("Date", day(invoice.issued_at, invoice.zone)),
        ("Billed in", days(invoice.since, invoice.until, invoice.zone)),
        ("Corrects invoice", of),
        ("Due on", f"{invoice.due_on:%Y-%m-%d}" if invoice.due_on else ""),
        ("Your tax number", invoice.recipient_tax_number),
        ("Reason", invoice.reason),
    ]
    return [(name, value) for name, value in facts if value]


def _sessions(pages: Pages, invoice: Invoice, lines: list[InvoiceLine]) -> None:
    columns = [
        Column("No.", 0.6),
        Column("When", 1.8),
        Column("What", 4.6),
        Column("kWh", 1.1, right=True),
        Column("Net", 1.2, right=True),
        Column("Tax", 1.1, right=True),
        Column(f"Gross {invoice.currency}", 1.4, right=True),
    ]
    rows = [
        [
            str(line.position),
            minute(line.began_at or line.ended_at, invoice.zone),
            line.text,
            kwh(line.energy_wh),
            *_amounts(line, invoice.currency),
        ]
        for line in lines
    ]
    energy = kwh(sum(line.energy_wh for line in lines))
    pages.table(
        columns, rows, totals=[["", "Total", "", energy, *_amounts(invoice, invoice.currency)]]
    )


def _amounts(row: Invoice | InvoiceLine, currency: str) -> list[str]:
    return [amount(value, currency) for value in (row.net, row.tax, row.gross)]


def _taxes(pages: Pages, invoice: Invoice) -> None:
    columns = [Column("Tax", 6), *(Column(head, 1.5, right=True) for head in ("Net", "Tax"))]
    rows = [
        [
            f"{country} {rate} %".strip(),
            *(amount(Decimal(value), invoice.currency) for value in (net, tax)),
        ]
        for country, rate, net, tax in invoice.taxes
    ]
    pages.table(columns, rows)


def _payment(invoice: Invoice) -> str:
    total = f"{amount(abs(invoice.gross), invoice.currency)} {invoice.currency}"
    if invoice.kind == InvoiceKind.CREDIT_NOTE:
        return f"{total} were credited to your account."
    if invoice.due_on is None:
        return f"{total} were paid already: nothing is to be paid."
    asked = f"{amount(invoice.payable, invoice.currency)} {invoice.currency}"
    rest = " The rest was paid already." if invoice.payable != invoice.gross else ""
    return f"Please pay {asked} by {invoice.due_on:%Y-%m-%d}, and name {invoice.number}.{rest}"
