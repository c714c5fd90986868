"""What billing adds to a session's page: its cost, prices over time, being billed and paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.admin import receipts
from billing.models import (
    AccountKind,
    BillKind,
    JournalEntry,
    Payment,
    PaymentState,
    Posting,
    SessionBill,
)
from billing.rating import bands
from billing.services import holds, pricing, tariffs
from billing.services.pricing import Priced
from cms.shared import clock, display, scoping
from stations.admin import panels
from stations.admin.panels import Band, Figure
from stations.admin.session_story import Step
from stations.models import ChargingSession

_BILLS = "billing.view_sessionbill"
_ENTRIES = 100


@panels.figures
def cost(request: HttpRequest, session: ChargingSession) -> Iterator[Figure]:
    """What it was billed, or would come to now."""
    if not request.user.has_perm(_BILLS):
        return
    bill = _standing(request, session)
    if bill is not None:
        yield Figure(_("Cost"), receipts.amount(bill.gross, bill.currency))
    elif priced := _priced(session):
        name = _("Cost so far") if session.is_open else _("Cost, not billed yet")
        yield Figure(name, receipts.amount(priced.bill.gross, priced.bill.currency))


@panels.prices
def shading(request: HttpRequest, session: ChargingSession) -> Iterator[Band]:
    """Which price of a kWh counted when."""
    priced = _priced(session) if request.user.has_perm(_BILLS) else None
    if priced is None:
        return
    terms = tariffs.terms_of(priced.version)
    until = None if priced.usage.ended_at else clock.now()
    for band in bands.of_energy(priced.usage, terms, until):
        if band.price is not None:
            price = f"{band.price.normalize():f} {terms.currency}"
            yield Band(band.since, band.until, _("%(price)s a kWh") % {"price": price})


@panels.steps
def booked(request: HttpRequest, session: ChargingSession) -> Iterator[Step]:
    """Billed, paid or owed, invoiced; or what is still to come."""
    if not request.user.has_perm(_BILLS):
        return
    bill = _standing(request, session)
    if bill is None:
        return
    total = receipts.amount(bill.gross, bill.currency)
    yield Step(bill.billed_at, _("Billed"), "green", total)
    yield from _paid(request, bill)
    if line := getattr(bill, "invoice_line", None):
        yield Step(line.invoice.issued_at, _("Invoiced"), "green", str(line.invoice))


@panels.part("ledger", gettext_lazy("Ledger entries"), "billing.view_journalentry")
def ledger(request: HttpRequest, session: ChargingSession) -> SafeString:
    """What was booked for it, newest first, with what can be corrected."""
    rows = JournalEntry.objects.filter(reference=holds.reference(session.pk))
    found = (
        scoping.visible(request.user, rows)
        .select_related("booked_by")
        .prefetch_related("postings__account")
    )
    may = request.user.has_perm("billing.view_posting")
    entries = [_entry(row, may) for row in found.order_by("-id")[:_ENTRIES]]
    return render_to_string("admin/billing/session_ledger.html", {"entries": entries})


def _standing(request: HttpRequest, session: ChargingSession) -> SessionBill | None:
    """The bill that counts; None where there is none, or it was taken back."""
    rows = SessionBill.objects.filter(session=session.pk, kind=BillKind.BILL, reversed_by=None)
    found = scoping.visible(request.user, rows)
    return found.select_related("entry", "wallet", "invoice_line__invoice").first()


def _priced(session: ChargingSession) -> Priced | None:
    row = pricing.rows_with_sessions().filter(session=session.pk).first()
    if row is None:
        return None
    [found] = pricing.of_rows([row], at=clock.now())
    return found if isinstance(found, Priced) else None


def _paid(request: HttpRequest, bill: SessionBill) -> Iterator[Step]:
    """From which wallet, by a payment of its own, or not yet."""
    captured = Payment.objects.filter(session=bill.session_id, state=PaymentState.CAPTURED)
    payment = scoping.visible(request.user, captured).first()
    if payment is not None:
        more = receipts.amount(payment.captured, payment.currency)
        yield Step(payment.changed_at, _("Paid"), "green", more)
    elif bill.wallet is None:
        return
    elif bill.entry is None:
        yield Step(bill.billed_at, _("Nothing to pay"), "green")
    else:
        owed = _owed(bill)
        word, tone = (_("Owed by the customer"), "amber") if owed else (_("Paid"), "green")
        more = receipts.amount(owed, bill.currency) if owed else str(bill.wallet)
        yield Step(bill.entry.booked_at, word, tone, more)


def _owed(bill: SessionBill) -> Any:
    """What the wallet could not pay as the bill was booked; zero where it could."""
    rows = Posting.objects.filter(entry=bill.entry_id, account__kind=AccountKind.OWED)
    return -sum(rows.values_list("amount", flat=True))


def _entry(row: JournalEntry, with_postings: bool) -> dict[str, Any]:
    postings = row.postings.all() if with_postings else []
    return {
        "link": display.link(row, f"#{row.pk}"),
        "kind": row.get_kind_display(),
        "when": display.when(row.booked_at),
        "by": row.booked_by or _("the system"),
        "why": row.reason or row.description,
        "postings": [
            (str(one.account), receipts.amount(one.amount, one.account.currency))
            for one in postings
        ],
    }
