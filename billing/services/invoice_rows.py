"""Invoices as rows: numbered, with who issues and receives them as texts, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from billing.models import (
    Account,
    BillKind,
    EntryKind,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceSeries,
    Issuer,
    JournalEntry,
    SessionBill,
)
from billing.services import invoice_items, numbers
from billing.services.invoice_items import Item

_MOST_TEXT = 500
_AMOUNTS = ("net", "tax", "gross")
_INVOICE = (  # what the hash is over; the keys of rows elsewhere are part of it
    *("number", "sequence", "kind", "corrects_id", "wallet_id", "currency", "since", "until"),
    *("recipient_name", "recipient_address", "recipient_country", "recipient_tax_number"),
    *("issuer_name", "issuer_address", "issuer_country", "issuer_tax_number"),
    *("issuer_contact", "issuer_bank", "issuer_note", "zone", "issued_at", "due_on"),
    *(*_AMOUNTS, "payable", "taxes", "reason", "previous_hash"),
)
_LINE = (
    *("position", "bill_id", "entry_id", "text", "began_at", "ended_at", "energy_wh"),
    *(*_AMOUNTS, "taxes"),
)


class Series(NamedTuple):
    """The two series of a moment, locked until the transaction ends."""

    invoices: InvoiceSeries
    credit_notes: InvoiceSeries

    def of(self, kind: str) -> InvoiceSeries:
        """That of a kind."""
        return self.invoices if kind == InvoiceKind.INVOICE else self.credit_notes


class Sheet(NamedTuple):
    """An invoice to come."""

    kind: str
    corrects: int | None
    since: datetime
    until: datetime
    items: list[Item]
    payable: Decimal = Decimal(0)
    reason: str = ""


def locked_series(issuer: Issuer, at: datetime) -> Series:
    """The series of the year that ``at`` is in, made where they are new. Needs a transaction."""
    year = at.astimezone(ZoneInfo(issuer.zone)).year
    prefixes = (issuer.invoice_prefix, issuer.credit_prefix)
    codes = [prefix.replace("{year}", str(year)) for prefix in prefixes]
    # In one order, so that two who issue at once wait for each other, not both.
    wanted = sorted(set(codes))
    InvoiceSeries.objects.bulk_create(
        [InvoiceSeries(code=code) for code in wanted], ignore_conflicts=True
    )
    rows = InvoiceSeries.objects.filter(code__in=wanted).order_by("code").select_for_update()
    found = {row.code: row for row in rows}
    return Series(*(found[code] for code in codes))


def write(
    sheet: Sheet,
    *,
    series: Series,
    wallet: Account,
    issuer: Issuer,
    at: datetime,
    by_id: int | None,
) -> Invoice:
    """Store an invoice with its lines under the next number of its series."""
    row = series.of(sheet.kind)
    [key] = numbers.of(Invoice, 1)
    made = Invoice(
        pk=key,
        series=row,
        sequence=row.next_number,
        number=f"{row.code}{row.next_number:0{issuer.digits}}",
        kind=sheet.kind,
        corrects_id=sheet.corrects,
        wallet=wallet,
        currency=wallet.currency,
        since=sheet.since,
        until=sheet.until,
        zone=issuer.zone,
        issued_at=at,
        due_on=_due_on(issuer, at) if sheet.payable else None,
        payable=sheet.payable,
        taxes=invoice_items.written(invoice_items.added(item.rates for item in sheet.items)),
        reason=sheet.reason,
        by_id=by_id,
        previous_hash=row.last_hash,
        **_sums(sheet.items),
        **_issued_by(issuer),
        **_recipient(wallet),
    )
    lines = [_line(made, number, item) for number, item in enumerate(sheet.items, 1)]
    made.hash = digest(made, lines)
    InvoiceLine.objects.bulk_create(lines, batch_size=500)
    made.save(force_insert=True)
    row.next_number, row.last_hash = row.next_number + 1, made.hash
    row.save(update_fields=["next_number", "last_hash"])
    return made


def digest(invoice: Invoice, lines: Iterable[InvoiceLine]) -> str:
    """SHA-256 over all an invoice says, its lines, and the hash of the one before it."""
    content = {
        **{name: _plain(getattr(invoice, name)) for name in _INVOICE},
        "lines": [[_plain(getattr(line, name)) for name in _LINE] for line in lines],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo("UTC")).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, list | int) else str(value)


def _line(invoice: Invoice, position: int, item: Item) -> InvoiceLine:
    row = item.row
    what = _of_bill(row) if isinstance(row, SessionBill) else _of_entry(row)
    return InvoiceLine(
        invoice_id=invoice.pk,
        position=position,
        taxes=invoice_items.written(item.rates),
        **what,
        **_sums([item]),
    )


def _of_bill(bill: SessionBill) -> dict[str, Any]:
    return {
        "bill": bill,
        "text": _bill_text(bill)[:_MOST_TEXT],
        "began_at": bill.started_at,
        "ended_at": bill.ended_at,
        "energy_wh": bill.energy_wh,
    }


def _of_entry(entry: JournalEntry) -> dict[str, Any]:
    return {"entry": entry, "text": _entry_text(entry)[:_MOST_TEXT], "ended_at": entry.at}


def _bill_text(bill: SessionBill) -> str:
    station = bill.session.station.cp_id
    place = f"{bill.site.name}, {station}" if bill.site else station
    driver = f", {bill.driver.get_full_name() or bill.driver.get_username()}" if bill.driver else ""
    text = f"Session {bill.session_id}: {place}{driver}"
    return f"Taken back: {text}" if bill.kind == BillKind.REVERSAL else text


def _entry_text(entry: JournalEntry) -> str:
    given = entry.reverses or entry
    what = "Refund" if given.kind == EntryKind.REFUND else "Credit"
    of = f" of {given.reference.replace('/', ' ')}" if given.reference else ""
    why = f": {entry.reason}" if entry.reason else ""
    return f"{'Taken back: ' if entry.reverses else ''}{what}{of}{why}"


def _sums(items: Sequence[Item]) -> dict[str, Decimal]:
    return {name: sum((getattr(item, name) for item in items), Decimal(0)) for name in _AMOUNTS}


def _due_on(issuer: Issuer, at: datetime) -> date:
    return (at.astimezone(ZoneInfo(issuer.zone)) + timedelta(days=issuer.payment_days)).date()


def _issued_by(issuer: Issuer) -> dict[str, str]:
    names = ("name", "address", "country", "tax_number", "contact", "bank", "note")
    return {f"issuer_{name}": getattr(issuer, name) for name in names}


def _recipient(wallet: Account) -> dict[str, str]:
    company, user = wallet.company, wallet.user
    if company is not None:
        names = ("name", "address", "country", "tax_number")
        return {f"recipient_{name}": getattr(company, name) for name in names}
    assert user is not None  # a wallet belongs to one or the other
    return {"recipient_name": user.get_full_name() or user.get_username()}
