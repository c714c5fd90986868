"""Crediting invoices: in full, in part, one session; the ledger gives back what the note says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.errors import NoIssuer
from billing.models import Invoice, Issuer, JournalEntry
from billing.services import crediting, proof
from cms.shared.errors import Conflict, DomainError, NotFound
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import FIRST_RUN, MARCH, MAY, billed, issued

pytestmark = pytest.mark.django_db
LATER = FIRST_RUN + timedelta(days=3)


@pytest.fixture
def invoice(db):
    """3.57 and 7.14 of Ann, who paid both."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    station = charging.a_station()
    billed(station)
    money.top_up(invoicing.wallet(), "50")
    billed(station, at=MARCH + timedelta(days=2), wh=20_000)
    [made] = issued()
    return made


def credited(invoice: Invoice, amount: str | None = None, key: str = "c", **more: Any) -> Invoice:
    """A credit note for it."""
    return crediting.credit(
        invoice_id=invoice.pk,
        amount=None if amount is None else Decimal(amount),
        reason="Meter was wrong",
        key=key,
        at=LATER,
        **more,
    )


def test_a_whole_invoice_is_credited(invoice):
    note = credited(invoice)
    assert (note.number, note.corrects, note.gross) == (
        "CN-2025-00001",
        invoice,
        Decimal("-10.71"),
    )
    assert note.taxes == [["DE", "19", "-9.0000", "-1.7100"]]
    assert note.lines.count() == 2
    assert money.balance(invoicing.wallet()) == "50.00"
    assert list(proof.problems()) == []


def test_a_part_comes_from_every_session_in_proportion(invoice):
    note = credited(invoice, "3.00")
    assert [f"{line.gross:.2f}" for line in note.lines.order_by("position")] == ["-1.00", "-2.00"]
    assert money.balance(invoicing.wallet()) == "42.29"


def test_one_session_of_it_is_credited(invoice):
    line = invoice.lines.order_by("position")[0]
    note = credited(invoice, session_id=line.bill.session_id)
    assert note.gross == Decimal("-3.57")


def test_all_parts_together_are_no_more_than_the_whole(invoice):
    credited(invoice, "10.00")
    with pytest.raises(Conflict, match=r"Only 0\.71 EUR is left"):
        credited(invoice, "0.72", key="d")
    assert credited(invoice, key="d").gross == Decimal("-0.71")
    with pytest.raises(Conflict, match="Nothing of it is left"):
        credited(invoice, key="e")
    assert sum(note.net for note in invoice.corrected_by.all()) == -invoice.net


def test_a_credit_counts_once_for_each_key(invoice):
    assert credited(invoice, "1.00") == credited(invoice, "1.00")
    assert Invoice.objects.count() == 2


def test_what_was_credited_is_not_credited_by_the_monthly_run_again(invoice):
    credited(invoice, "1.00")
    assert issued(until=MAY, at=MAY) == []


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_an_amount_that_makes_no_sense_is_refused(invoice, amount):
    with pytest.raises(DomainError):
        credited(invoice, amount)
    assert JournalEntry.objects.filter(kind="Refund").count() == 0


def test_what_is_no_invoice_is_refused(invoice):
    with pytest.raises(NotFound):
        crediting.credit(invoice_id=99, reason="x", key="x", at=LATER)
    with pytest.raises(Conflict, match="is not credited"):
        credited(credited(invoice, "1.00"), key="d")
    with pytest.raises(Conflict, match="Nothing of it is left"):
        credited(invoice, session_id=99, key="d")


def test_without_a_reason_or_an_issuer_nothing_is_credited(invoice):
    with pytest.raises(DomainError, match="Say why"):
        crediting.credit(invoice_id=invoice.pk, reason=" ", key="x", at=LATER)
    Issuer.objects.all().delete()
    with pytest.raises(NoIssuer):
        credited(invoice)
    assert money.balance(invoicing.wallet()) == "39.29"
