"""Many who issue at once: every number once and none left out, nothing invoiced twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from billing.models import Account, Invoice, InvoiceLine, SessionBill
from billing.services import crediting, invoice_proof, invoices
from cms.shared.errors import Conflict, DomainError
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import APRIL, FIRST_RUN, MARCH
from tests.billing.test_at_once import MANY, at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = 20 if connection.vendor == "postgresql" else 6


class TakenBack(Exception):
    """A transaction that fails after it took its number."""


@pytest.fixture
def station(db):
    """A station anybody charges at, and an issuer."""
    invoicing.an_issuer()
    charging.everywhere()
    return charging.a_station()


def customers(station: Any, count: int = CUSTOMERS) -> list[Account]:
    """Drivers, each with a bill."""
    for number in range(count):
        invoicing.a_driver(f"driver-{number}", f"TAG-{number}")
        charging.charged(station, tag=f"TAG-{number}", minute=number * 60)
    charging.bill_all(at=MARCH + timedelta(days=2))
    return [invoicing.wallet(f"driver-{number}") for number in range(count)]


def proved() -> bool:
    return list(invoice_proof.problems()) == []


def test_numbers_have_no_gaps_though_many_transactions_are_taken_back(station):
    wallets = customers(station)

    def work(number: int) -> Any:
        with transaction.atomic():
            made = invoices.issue(wallet_id=wallets[number].pk, until=APRIL, at=FIRST_RUN)
            if number % 3 == 0:
                raise TakenBack
        return made

    results = at_once(work, CUSTOMERS)
    failed = len(range(0, CUSTOMERS, 3))
    assert kinds(results) == {"list": CUSTOMERS - failed, "TakenBack": failed}
    sequences = Invoice.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, CUSTOMERS - failed + 1))
    assert proved()
    assert invoices.issue_due(at=FIRST_RUN) == (failed, 0)
    assert proved()


def test_one_customer_is_invoiced_once_by_many(station):
    [wallet] = customers(station, 1)
    results = at_once(lambda _: invoices.issue(wallet_id=wallet.pk, until=APRIL, at=FIRST_RUN))
    assert sorted(map(len, results)) == [0] * (MANY - 1) + [1]
    assert proved()


def test_runs_side_by_side_issue_everything_once(station):
    customers(station)
    results = at_once(lambda _: invoices.issue_due(at=FIRST_RUN), 4)
    assert kinds(results) == {"Run": 4}
    assert sum(run.issued for run in results) == CUSTOMERS
    assert InvoiceLine.objects.count() == SessionBill.objects.count() == CUSTOMERS
    assert proved()


def test_an_invoice_is_credited_no_further_than_it_went(station):
    [wallet] = customers(station, 1)
    money.top_up(wallet, "50")
    [invoice] = invoices.issue(wallet_id=wallet.pk, until=APRIL, at=FIRST_RUN)

    def work(number: int) -> Any:
        return crediting.credit(
            invoice_id=invoice.pk, reason="Wrong", key=f"credit/{number}", at=FIRST_RUN
        )

    results = at_once(work)
    assert kinds(results) == {"Invoice": 1, "Conflict": MANY - 1}
    assert all(isinstance(result, Invoice | Conflict | DomainError) for result in results)
    assert proved()


def test_the_same_credit_asked_for_at_once_is_one(station):
    [wallet] = customers(station, 1)
    [invoice] = invoices.issue(wallet_id=wallet.pk, until=APRIL, at=FIRST_RUN)
    results = at_once(
        lambda _: crediting.credit(invoice_id=invoice.pk, reason="Wrong", key="same", at=FIRST_RUN)
    )
    assert "Invoice" in kinds(results)
    assert Invoice.objects.filter(kind="CreditNote").count() == 1
    assert proved()


def test_billing_goes_on_while_invoices_are_issued(station):
    wallets = customers(station)
    for number in range(CUSTOMERS):
        charging.charged(station, tag=f"TAG-{number}", minute=3 * 1440 + number * 60)

    def work(number: int) -> Any:
        if number == 0:
            return charging.bill_all(at=MARCH + timedelta(days=9))
        return invoices.issue(wallet_id=wallets[number].pk, until=APRIL, at=FIRST_RUN)

    results = at_once(work, min(CUSTOMERS, 8))
    assert not [result for result in results if isinstance(result, Exception)]
    invoices.issue_due(at=FIRST_RUN)
    assert InvoiceLine.objects.count() == SessionBill.objects.count() == 2 * CUSTOMERS
    assert proved()
