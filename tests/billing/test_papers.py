"""Invoices and statements as PDF: what stands on them is what the rows say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from billing.models import Company, Invoice, Issuer
from billing.reports import papers, statements
from billing.services import crediting, invoices
from cms.shared.errors import Conflict
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import APRIL, FIRST_RUN, MARCH, MAY, billed, issued

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(db):
    """A station where Ann charges at 0.30 a kWh, and an issuer."""
    invoicing.an_issuer(note="Thank you.", contact="post@voltwerk.example")
    invoicing.a_driver()
    charging.everywhere()
    return charging.a_station()


def text(document: bytes) -> str:
    """All that can be read in it."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(document)).pages)


def test_an_invoice_says_everything_its_rows_say(station):
    billed(station)
    billed(station, at=MARCH + timedelta(days=2), wh=20_000)
    [invoice] = issued()
    said = text(papers.pdf(invoice))
    for line in invoice.lines.all():
        assert line.text in said
        assert f"{line.gross:.2f}" in said
    for written in (
        *("Voltwerk GmbH", "Kai 1, 20457 Hamburg, DE", "DE123456789", "IBAN DE89"),
        *("Invoice INV-2025-00001", "2025-03-01 – 2025-03-31", "30.000", "9.00", "1.71", "10.71"),
        *("DE 19 %", "Please pay 10.71 EUR by 2025-04-15", "Thank you.", "2025-03-01 12:00"),
    ):
        assert written in said


def test_a_company_is_addressed_as_it_was(station):
    company = Company.objects.create(name="Fleet Ltd", address="Road 5\nCork", tax_number="IE1")
    invoicing.a_driver("bob", "TAG-BOB", company)
    billed(station, tag="TAG-BOB")
    wallet = company.accounts.get(kind="Wallet")
    [invoice] = invoices.issue(wallet_id=wallet.pk, until=APRIL, at=FIRST_RUN)
    Company.objects.update(name="Other")
    said = text(papers.pdf(invoice))
    assert "Fleet Ltd\nRoad 5\nCork" in said
    assert "IE1" in said


def test_a_credit_note_names_the_invoice_it_corrects(station):
    billed(station)
    [invoice] = issued()
    note = crediting.credit(invoice_id=invoice.pk, reason="Meter was wrong", key="c", at=FIRST_RUN)
    said = text(papers.pdf(note))
    for written in (
        *("Credit note CN-2025-00001", "INV-2025-00001 of 2025-04-01", "Meter was wrong"),
        *("-3.57", "3.57 EUR were credited to your account."),
    ):
        assert written in said


def test_what_was_prepaid_is_not_asked_for(station):
    eve = invoicing.a_driver("eve", "TAG-EVE")
    money.top_up(money.wallets.open(customer=eve, currency="EUR", at=MARCH), "50")
    billed(station, tag="TAG-EVE")
    [invoice] = issued(name="eve")
    assert "3.57 EUR were paid already: nothing is to be paid." in text(papers.pdf(invoice))


def test_the_file_is_the_same_whenever_it_is_made(station):
    billed(station)
    [invoice] = issued()
    first = papers.pdf(invoice)
    Issuer.objects.update(name="Other AG")
    assert papers.pdf(Invoice.objects.get()) == first
    assert papers.file_name(invoice) == "INV-2025-00001.pdf"


def test_a_paper_takes_few_queries_however_long_it_is(station, django_assert_max_num_queries):
    for day in range(4):
        billed(station, at=MARCH + timedelta(days=day))
    issued()
    with django_assert_max_num_queries(2):
        papers.pdf(Invoice.objects.get())


def test_a_statement_goes_from_balance_to_balance(station):
    first = billed(station)
    wallet = invoicing.wallet()
    money.top_up(wallet, "50", key="march")
    money.hold(wallet, "5")
    invoicing.refunded(first, "1.19", APRIL + timedelta(days=1))
    second = billed(station, at=APRIL + timedelta(days=2))
    march = statements.statement(wallet, since=MARCH, until=APRIL)
    april = statements.statement(wallet, since=APRIL, until=MAY)
    assert (march.opening, march.charged, march.paid, march.closing) == (
        Decimal(0),
        Decimal("-3.57"),
        Decimal(50),
        Decimal("46.43"),
    )
    assert (april.opening, april.charged, april.given_back, april.other, april.closing) == (
        Decimal("46.43"),
        Decimal("-3.57"),
        Decimal("1.19"),
        Decimal(0),
        Decimal("44.05"),
    )
    said = text(statements.pdf(april, zone="UTC", at=MAY))
    for written in (
        *("Voltwerk GmbH", "2025-04-01 – 2025-04-30", "Opening balance", "46.43", "44.05"),
        f"Charging session {second.session_id}, Harbour, CP-1, ann",
        f"Refund session {first.session_id}",
    ):
        assert written in said


def test_a_statement_lists_each_session_with_the_balance_after_it(station):
    bills = [billed(station, at=MARCH + timedelta(days=day)) for day in range(3)]
    wallet = invoicing.wallet()
    found = statements.statement(wallet, since=MARCH, until=APRIL)
    lines = list(statements.lines(found))
    for bill, line in zip(bills, lines, strict=True):
        assert f"session {bill.session_id}" in line.what
    assert [f"{line.balance:.2f}" for line in lines] == ["-3.57", "-7.14", "-10.71"]


def test_a_statement_that_is_too_long_is_refused(station, monkeypatch):
    for day in range(3):
        billed(station, at=MARCH + timedelta(days=day))
    monkeypatch.setattr(statements, "MOST", 2)
    found = statements.statement(invoicing.wallet(), since=MARCH, until=APRIL)
    with pytest.raises(Conflict, match="choose a shorter time"):
        list(statements.lines(found))
