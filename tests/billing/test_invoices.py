"""Invoices: what was billed stands on one, once; what is taken back on a note or beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.errors import NoIssuer
from billing.models import (
    BillKind,
    Company,
    Invoice,
    InvoiceSeries,
    Issuer,
    SessionBill,
)
from billing.services import giving_back, invoices, ledger
from cms.shared.errors import NotFound
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import APRIL, FIRST_RUN, MARCH, MAY, billed, everything, issued, shown
from tests.stations import given

pytestmark = pytest.mark.django_db
IN_APRIL = APRIL + timedelta(days=9)


@pytest.fixture
def station(db):
    """A station where Ann charges at 0.30 a kWh, and an issuer."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    return charging.a_station()


def lines(invoice: Invoice) -> list[tuple[str, str]]:
    """Texts and amounts."""
    return [(line.text, f"{line.gross:.2f}") for line in invoice.lines.order_by("position")]


def test_an_invoice_has_every_bill_of_the_month(station):
    first, second = billed(station), billed(station, at=MARCH + timedelta(days=3), wh=20_000)
    [invoice] = issued()
    assert lines(invoice) == [
        (f"Session {first.session_id}: Harbour, CP-1, ann", "3.57"),
        (f"Session {second.session_id}: Harbour, CP-1, ann", "7.14"),
    ]
    assert (invoice.number, invoice.kind, invoice.recipient_name) == (
        "INV-2025-00001",
        "Invoice",
        "ann",
    )
    assert (invoice.net, invoice.tax, invoice.gross) == (
        Decimal("9.00"),
        Decimal("1.71"),
        Decimal("10.71"),
    )
    assert invoice.taxes == [["DE", "19", "9.0000", "1.7100"]]


def test_its_period_is_the_month_by_the_clocks_of_the_issuer(station):
    Issuer.objects.update(time_zone="Europe/Berlin")
    billed(station, at=datetime(2025, 3, 30, 22, 30, tzinfo=UTC))  # billed on 1 April in Berlin
    assert issued(until=datetime(2025, 3, 31, 22, 0, tzinfo=UTC)) == []
    [invoice] = issued(until=MAY, at=MAY)
    assert invoice.since == datetime(2025, 3, 31, 22, 0, tzinfo=UTC)
    assert invoice.until == datetime(2025, 4, 30, 22, 0, tzinfo=UTC)


def test_issuing_again_issues_nothing(station):
    billed(station)
    assert len(issued()) == 1
    assert issued() == []


def test_months_that_were_missed_get_an_invoice_each(station):
    billed(station)
    billed(station, at=IN_APRIL)
    march, april = issued(until=MAY, at=MAY)
    assert (march.until, april.since) == (APRIL, APRIL)
    assert everything() == [("INV-2025-00001", "3.57"), ("INV-2025-00002", "3.57")]


def test_a_month_under_way_can_be_invoiced_so_far(station):
    billed(station)
    [invoice] = issued(until=MARCH + timedelta(days=2))
    assert invoice.until == MARCH + timedelta(days=2)


def test_what_costs_nothing_is_on_no_invoice(station):
    billed(station, wh=0)
    assert issued() == []


def test_a_bill_taken_back_before_it_was_invoiced_stands_beside_its_reversal(station):
    bill = billed(station)
    invoicing.repriced(bill, MARCH + timedelta(days=5))
    [invoice] = issued()
    text = f"Session {bill.session_id}: Harbour, CP-1, ann"
    assert lines(invoice) == [(text, "3.57"), (f"Taken back: {text}", "-3.57"), (text, "2.38")]


def test_a_bill_taken_back_after_it_was_invoiced_gets_a_credit_note(station):
    bill = billed(station)
    [invoice] = issued()
    invoicing.repriced(bill, IN_APRIL)
    new, note = issued(until=MAY, at=MAY)
    assert shown([new, note]) == [("INV-2025-00002", "2.38"), ("CN-2025-00001", "-3.57")]
    assert note.corrects == invoice
    assert note.taxes == [["DE", "19", "-3.0000", "-0.5700"]]


def test_a_bill_of_a_missed_month_is_corrected_by_a_credit_note_of_the_next(station):
    invoicing.repriced(billed(station), IN_APRIL)
    march, april, note = issued(until=MAY, at=MAY)
    assert (note.corrects, note.since) == (march, APRIL)
    assert shown([march, april, note]) == [
        ("INV-2025-00001", "3.57"),
        ("INV-2025-00002", "2.38"),
        ("CN-2025-00001", "-3.57"),
    ]


def test_a_refund_of_what_was_invoiced_gets_a_credit_note(station):
    bill = billed(station)
    [invoice] = issued()
    invoicing.refunded(bill, "1.19", IN_APRIL)
    [note] = issued(until=MAY, at=MAY)
    assert (note.corrects, note.kind, note.gross) == (invoice, "CreditNote", Decimal("-1.19"))
    assert note.taxes == [["DE", "19", "-1.0000", "-0.1900"]]
    assert lines(note) == [(f"Refund of session {bill.session_id}: Cable", "-1.19")]


def test_a_refund_before_the_invoice_stands_on_it(station):
    invoicing.refunded(billed(station), "1.19", MARCH + timedelta(days=5))
    [invoice] = issued()
    assert shown([invoice]) == [("INV-2025-00001", "2.38")]


def test_a_refund_that_was_taken_back_is_asked_for_again(station):
    bill = billed(station)
    issued()
    refund = invoicing.refunded(bill, "1.19", IN_APRIL)
    issued(until=MAY, at=MAY)
    money.top_up(invoicing.wallet(), "50")
    ledger.reverse(entry_id=refund.pk, key="r", reason="Wrong", at=MAY)
    [invoice] = issued(until=MAY + timedelta(days=31), at=MAY + timedelta(days=31))
    assert (invoice.kind, invoice.gross) == ("Invoice", Decimal("1.19"))


def test_a_refund_and_its_reversal_stand_on_the_same_note(station):
    bill = billed(station)
    issued()
    money.top_up(invoicing.wallet(), "50")
    refund = invoicing.refunded(bill, "1.19", IN_APRIL)
    ledger.reverse(entry_id=refund.pk, key="r", reason="Wrong", at=IN_APRIL)
    [note] = issued(until=MAY, at=MAY)
    assert [amount for _, amount in lines(note)] == ["-1.19", "1.19"]


def test_credit_for_no_session_is_a_note_that_corrects_nothing(station):
    billed(station)
    giving_back.credit_note(
        wallet_id=invoicing.wallet().pk,
        sale=money.sale("100", tax="19"),
        reason="Welcome",
        key="credit",
        at=IN_APRIL,
    )
    issued()
    [note] = issued(until=MAY, at=MAY)
    assert (note.corrects, note.gross, note.taxes) == (
        None,
        Decimal(-119),
        [["DE", "19", "-100.0000", "-19.0000"]],
    )


def test_credit_for_a_session_corrects_its_invoice(station):
    bill = billed(station)
    [invoice] = issued()
    giving_back.credit_note(
        wallet_id=invoicing.wallet().pk,
        sale=money.sale("1", tax="0.19"),
        reason="Slow",
        key="credit",
        reference=f"session/{bill.session_id}",
        at=IN_APRIL,
    )
    [note] = issued(until=MAY, at=MAY)
    assert note.corrects == invoice


def test_a_company_is_invoiced_for_its_people_with_its_address(station):
    company = Company.objects.create(
        name="Fleet Ltd", address="Road 5\nCork", country="IE", tax_number="IE1"
    )
    for name in ("bob", "cid"):
        invoicing.a_driver(name, f"TAG-{name}", company)
        billed(station, tag=f"TAG-{name}")
    [invoice] = invoices.issue(
        wallet_id=company.accounts.get(kind="Wallet").pk, until=APRIL, at=MAY
    )
    assert (invoice.recipient_name, invoice.recipient_address, invoice.recipient_tax_number) == (
        "Fleet Ltd",
        "Road 5\nCork",
        "IE1",
    )
    assert [text.rpartition(", ")[2] for text, _ in lines(invoice)] == ["bob", "cid"]


def test_what_stands_on_an_invoice_stays_when_names_change(station):
    billed(station)
    [invoice] = issued()
    Issuer.objects.update(name="Other AG", invoice_prefix="X-")
    invoice.refresh_from_db()
    assert invoice.issuer_name == "Voltwerk GmbH"


def test_what_waits_is_what_is_issued(station):
    bill = billed(station)
    invoicing.refunded(bill, "1.19", MARCH + timedelta(days=5))
    [waiting] = invoices.waiting(until=APRIL)
    assert (waiting.wallet, waiting.rows, waiting.gross) == (
        invoicing.wallet(),
        2,
        Decimal("2.38"),
    )
    issued()
    assert invoices.waiting(until=APRIL) == []


@pytest.mark.parametrize("name", [None, ""])
def test_without_an_issuer_nothing_is_issued(station, name):
    billed(station)
    Issuer.objects.all().delete()
    if name is not None:
        invoicing.an_issuer(name=name)
    with pytest.raises(NoIssuer):
        issued()
    with pytest.raises(NoIssuer):
        invoices.issue_due(at=FIRST_RUN)
    assert not InvoiceSeries.objects.exists()


def test_a_wallet_that_does_not_exist_is_told(station):
    with pytest.raises(NotFound):
        invoices.issue(wallet_id=99, until=APRIL, at=APRIL)


def test_another_year_begins_another_series(station):
    billed(station)
    issued()
    billed(station, at=MARCH + timedelta(days=3))
    later = datetime(2026, 1, 5, tzinfo=UTC)
    [invoice] = issued(at=later)
    assert (invoice.number, invoice.previous_hash) == ("INV-2026-00001", "")


def test_each_invoice_is_chained_to_the_one_before(station):
    billed(station)
    [first] = issued()
    billed(station, at=MARCH + timedelta(days=3))
    [second] = issued()
    assert (second.sequence, second.previous_hash) == (2, first.hash)


def test_the_number_of_queries_does_not_grow_with_the_bills(station, django_assert_max_num_queries):
    for day in range(3):
        billed(station, at=MARCH + timedelta(days=day))
    with django_assert_max_num_queries(25):
        issued()


def test_invoices_and_credit_notes_of_a_month_sum_up_to_what_was_billed_in_it(station):
    bill = billed(station)
    billed(station, at=MARCH + timedelta(days=2))
    invoicing.repriced(bill, IN_APRIL)
    issued(until=MAY, at=MAY)
    for since, until in ((MARCH, APRIL), (APRIL, MAY)):
        within = SessionBill.objects.filter(billed_at__gte=since, billed_at__lt=until)
        rows = Invoice.objects.filter(until__gt=since, until__lte=until)
        assert sum(row.gross for row in rows) == sum(row.gross for row in within)
    assert SessionBill.objects.filter(kind=BillKind.REVERSAL, invoice_line=None).count() == 0


def test_nobody_known_is_never_invoiced(station):
    given.a_card("LOST")
    bill = billed(station, tag="LOST")
    assert bill.wallet is None
    assert invoices.issue_due(at=FIRST_RUN) == (0, 0)
