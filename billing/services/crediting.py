"""Crediting an invoice: its charges are given back in the ledger, and a credit note says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction

from billing.models import BillKind, Invoice, InvoiceKind, InvoiceLine
from billing.services import giving_back, invoices, journal
from cms.shared import money
from cms.shared.errors import Conflict, NotFound


class Creditable(NamedTuple):
    """What of an invoice may still be credited: by charge, in the order of its lines."""

    invoice: Invoice
    charges: Mapping[int, Decimal]

    @property
    def total(self) -> Decimal:
        """All together."""
        return sum(self.charges.values(), Decimal(0))


def creditable(invoice_id: int, *, session_id: int | None = None) -> Creditable:
    """What is left of an invoice, or of one session on it. Raises NotFound."""
    invoice = Invoice.objects.filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound("There is no invoice %(invoice_id)s", invoice_id=invoice_id)
    lines = InvoiceLine.objects.filter(
        invoice=invoice, bill__kind=BillKind.BILL, bill__entry__isnull=False
    )
    if session_id is not None:
        lines = lines.filter(bill__session=session_id)
    charges = list(lines.order_by("position").values_list("bill__entry", flat=True))
    amounts = giving_back.left(charges)
    return Creditable(invoice, {number: amounts[number] for number in charges if amounts[number]})


@transaction.atomic
def credit(
    *,
    invoice_id: int,
    reason: str,
    key: str,
    at: datetime,
    amount: Decimal | None = None,
    session_id: int | None = None,
    by_id: int | None = None,
) -> Invoice:
    """Give back ``amount`` of an invoice or of a session on it; without one all that is left.

    Each charge gives its share, its taxes in proportion, into the wallet that paid; gives the
    credit note. The same ``key`` gives the note it made before. Raises NotFound, NoIssuer,
    DomainError, KeyUsed, and Conflict where nothing or less than that is left.
    """
    issuer = invoices.issuer()
    reason = journal.checked_reason(reason)
    made = _noted(key)
    if made is not None:
        return made
    found = creditable(invoice_id, session_id=session_id)
    if found.invoice.kind != InvoiceKind.INVOICE:
        raise Conflict("A credit note is not credited")
    shares = _shares(found, amount)
    facts: dict[str, Any] = {"reason": reason, "at": at, "by_id": by_id}
    wallet_id = found.invoice.wallet_id
    entries = giving_back.refund_all(wallet_id=wallet_id, amounts=shares, key=key, **facts)
    return invoices.note(invoice=found.invoice, entries=entries, issuer=issuer, **facts)


def _noted(key: str) -> Invoice | None:
    """The credit note that ``key`` made."""
    return Invoice.objects.filter(lines__entry__idempotency_key=key).first()


def _shares(found: Creditable, amount: Decimal | None) -> dict[int, Decimal]:
    currency = found.invoice.currency
    if not found.total:
        raise Conflict("Nothing of it is left to be credited")
    if amount is None:
        return dict(found.charges)
    journal.checked_amount(amount, currency)
    if amount > found.total:
        shown = f"{money.rounded(found.total, currency):f} {currency}"
        raise Conflict(
            "Only %(shown)s is left of it",
            fields={"amount": ["is more than %(shown)s"]},
            shown=shown,
        )
    parts = money.shared_out(amount, list(found.charges.values()), currency)
    return {number: part for number, part in zip(found.charges, parts, strict=True) if part}
