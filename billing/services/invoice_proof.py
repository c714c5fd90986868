"""Proof of the invoices: no gaps, the chain of hashes, sums, each bill once; reading only."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, F, Prefetch, Q, Sum

from billing.models import Invoice, InvoiceLine, InvoiceSeries
from billing.models.invoices import INVOICE_GUARDS
from billing.services import invoice_items, invoice_rows, invoices, proof

_CHUNK = 200


class Papers(NamedTuple):
    """How much there is to prove."""

    series: int
    invoices: int
    lines: int


def papers() -> Papers:
    """How many series, invoices and lines there are: a count of everything, not for pages."""
    return Papers(
        InvoiceSeries.objects.count(), Invoice.objects.count(), InvoiceLine.objects.count()
    )


def problems() -> Iterator[str]:
    """What is wrong with the invoices, sentence by sentence; nothing where they are proved.

    Read under ``cms.shared.snapshot``, so that all of it is of one moment.
    """
    yield from proof.missing(INVOICE_GUARDS)
    for series in InvoiceSeries.objects.order_by("pk"):
        yield from _series(series)
    yield from _lines()
    yield from _forgotten()


def _series(series: InvoiceSeries) -> Iterator[str]:
    lines = Prefetch("lines", InvoiceLine.objects.order_by("position"))
    rows = Invoice.objects.filter(series=series).order_by("sequence").prefetch_related(lines)
    expected, before = 1, ""
    for row in rows.iterator(_CHUNK):
        if row.sequence != expected:
            yield f"series {series}: {expected} is missing, {row.number} comes after it"
        if row.previous_hash != before:
            yield f"{row.number} does not name the hash of the one before it"
        yield from _invoice(row)
        expected, before = row.sequence + 1, row.hash
    if (series.next_number, series.last_hash) != (expected, before):
        yield f"series {series} goes on with {series.next_number}, its last is {expected - 1}"


def _invoice(row: Invoice) -> Iterator[str]:
    lines = list(row.lines.all())
    if row.hash != invoice_rows.digest(row, lines):
        yield f"{row.number} is not what its hash was made of"
    for name in ("net", "tax", "gross"):
        total = sum((getattr(line, name) for line in lines), Decimal(0))
        if total != getattr(row, name):
            yield f"{row.number}: {name} is {getattr(row, name)}, its lines sum to {total}"
    if (_sum(row.taxes, 2), _sum(row.taxes, 3)) != (row.net, row.tax):
        yield f"{row.number}: what it says by rate is not its net and tax"


def _sum(taxes: list[list[str]], column: int) -> Decimal:
    return sum((Decimal(row[column]) for row in taxes), Decimal(0))


def _lines() -> Iterator[str]:
    """Against the bills and the ledger: what they say, of the customer it was issued to."""
    lines = InvoiceLine.objects.select_related("invoice").order_by("pk")
    same = Q(bill__net=F("net"), bill__tax=F("tax"), bill__gross=F("gross"))
    wrong = lines.filter(bill__isnull=False).exclude(same, bill__wallet=F("invoice__wallet"))
    for line in wrong.iterator(_CHUNK):
        yield f"{line} of {line.invoice} is not what its bill {line.bill_id} says"
    entries = lines.filter(entry__isnull=False, entry__postings__account=F("invoice__wallet"))
    given = entries.annotate(moved=Sum("entry__postings__amount")).exclude(moved=-F("gross"))
    for line in given.iterator(_CHUNK):
        yield f"{line} of {line.invoice} is not what entry {line.entry_id} gave back"


def _forgotten() -> Iterator[str]:
    """Bills of a time that was said to be done, and is not looked at again."""
    until = invoices.unfinished()
    if until is None:
        return
    bills = invoice_items.open_bills(billed_at__lt=until)
    for wallet, rows in bills.values_list("wallet").annotate(Count("pk")):
        yield f"{rows} bills of wallet {wallet} from before {until:%Y-%m-%d} are on no invoice"
