"""The monthly run over all customers, and what of their invoices is still to be paid."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.models import (
    Invoice,
)
from billing.services import invoice_rows, invoices
from cms.shared.errors import NotFound
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import APRIL, FIRST_RUN, MARCH, MAY, billed, everything, issued

pytestmark = pytest.mark.django_db
IN_APRIL = APRIL + timedelta(days=9)


@pytest.fixture
def station(db):
    """A station where Ann charges at 0.30 a kWh, and an issuer."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    return charging.a_station()


def test_what_is_owed_is_to_be_paid_within_days(station):
    billed(station)
    [invoice] = issued()
    assert (invoice.payable, invoice.due_on) == (invoice.gross, date(2025, 4, 15))


def test_what_was_prepaid_or_paid_meanwhile_is_not_asked_for(station):
    billed(station)
    money.top_up(invoicing.wallet(), "3.00")
    [invoice] = issued()
    assert invoice.payable == Decimal("0.57")
    billed(station, at=IN_APRIL)
    money.top_up(invoicing.wallet(), "10.00", key="more")
    [invoice] = issued(until=MAY, at=MAY)
    assert (invoice.payable, invoice.due_on) == (Decimal(0), None)


def test_what_was_paid_counts_for_the_oldest_bills(station):
    billed(station)
    money.top_up(invoicing.wallet(), "3.57")
    billed(station, at=IN_APRIL)
    [march] = issued(until=APRIL, at=MAY)
    [april] = issued(until=MAY, at=MAY)
    assert (march.payable, april.payable) == (Decimal(0), april.gross)


def test_currencies_are_never_on_one_invoice(station):
    billed(station)
    francs = {"currency": "CHF", "tax_rate": "8.1", "components": [{"kind": "start", "price": "1"}]}
    tariff = charging.a_tariff("Alps", terms=francs)
    charging.tariffs.assign(tariff=tariff, level="station", target=station)
    billed(station, at=MARCH + timedelta(days=3))
    run = invoices.issue_due(at=FIRST_RUN)
    assert run == (2, 0)
    assert {(row.currency, f"{row.gross:.2f}") for row in Invoice.objects.all()} == {
        ("EUR", "3.57"),
        ("CHF", "1.08"),
    }


def test_the_monthly_run_issues_for_everybody_and_then_never_again(station):
    invoicing.a_driver("bob", "TAG-BOB")
    billed(station)
    billed(station, tag="TAG-BOB")
    assert invoices.issue_due(at=FIRST_RUN) == (2, 0)
    assert invoices.issue_due(at=FIRST_RUN + timedelta(hours=1)) == (0, 0)
    assert len(everything()) == 2


def test_the_monthly_run_waits_until_the_month_is_over(station):
    billed(station)
    assert invoices.issue_due(at=APRIL + timedelta(hours=1)) == (0, 0)
    assert everything() == []


def test_a_bill_that_came_late_is_invoiced_by_the_next_run(station):
    billed(station)
    invoices.issue_due(at=FIRST_RUN)
    billed(station, at=MARCH + timedelta(days=29))
    assert invoices.issue_due(at=FIRST_RUN, again=True) == (1, 0)
    billed(station, at=MARCH + timedelta(days=28))
    assert invoices.issue_due(at=MAY + timedelta(hours=3)) == (1, 0)


def test_one_customer_who_cannot_be_invoiced_stops_nobody_else(station, monkeypatch):
    invoicing.a_driver("bob", "TAG-BOB")
    billed(station)
    billed(station, tag="TAG-BOB")
    write = invoice_rows.write

    def failing(sheet: Any, **more: Any) -> Any:
        if more["wallet"].user.username == "ann":
            raise NotFound("broken")
        return write(sheet, **more)

    monkeypatch.setattr(invoice_rows, "write", failing)
    assert invoices.issue_due(at=FIRST_RUN) == (1, 1)
    monkeypatch.undo()
    assert invoices.issue_due(at=FIRST_RUN) == (1, 0)
    assert everything() == [("INV-2025-00001", "3.57"), ("INV-2025-00002", "3.57")]
