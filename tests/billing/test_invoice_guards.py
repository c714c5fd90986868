"""Invoices as the database keeps them, whoever writes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import Invoice, InvoiceLine, SessionBill
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import MARCH, billed, issued

pytestmark = pytest.mark.django_db


@pytest.fixture
def station(db):
    """A station where Ann charges at 0.30 a kWh, and an issuer."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    return charging.a_station()


def test_the_database_refuses_to_change_or_delete_invoices(station):
    billed(station)
    [invoice] = issued()
    refused: list[Any] = [
        lambda: Invoice.objects.update(gross=1),
        lambda: Invoice.objects.all().delete(),
        lambda: InvoiceLine.objects.update(text="x"),
        lambda: InvoiceLine.objects.filter(invoice=invoice)._raw_delete("default"),
    ]
    for attempt in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_the_database_refuses_a_line_on_an_invoice_that_was_issued(station):
    billed(station)
    [invoice] = issued()
    bill = billed(station, at=MARCH + timedelta(days=3))
    with pytest.raises(IntegrityError, match="sealed"), transaction.atomic():
        a_line(invoice.pk, bill)


def test_the_database_refuses_a_bill_on_two_invoices_and_with_other_amounts(station):
    bill = billed(station)
    issued()
    for gross in (bill.gross, Decimal(1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            a_line(99, bill, gross=gross)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence": 3},
        {"sequence": 1},
        {"previous_hash": "x"},
        {"gross": Decimal(1)},
        {"kind": "CreditNote"},
    ],
)
def test_the_database_refuses_an_invoice_that_does_not_follow_or_add_up(station, wrong):
    billed(station)
    [invoice] = issued()
    bill = billed(station, at=MARCH + timedelta(days=3))
    right = {"sequence": 2, "previous_hash": invoice.hash, "number": "B", "pk": 99}
    with pytest.raises(IntegrityError):
        by_hand(invoice, bill, **{**right, **wrong})
    by_hand(invoice, bill, **right)


def a_line(invoice_id: int, bill: SessionBill, **more: Any) -> InvoiceLine:
    """A line written by hand."""
    amounts = {"net": bill.net, "tax": bill.tax, "gross": bill.gross}
    facts = {"position": 7, "text": "x", "ended_at": MARCH, **amounts}
    return InvoiceLine.objects.create(invoice_id=invoice_id, bill=bill, **{**facts, **more})


def by_hand(invoice: Invoice, bill: SessionBill, **changes: Any) -> None:
    """Another one like it for another bill, and then taken back."""
    names = [field.attname for field in Invoice._meta.concrete_fields]
    facts = {name: getattr(invoice, name) for name in names if name != "id"}
    with money.taken_back():
        a_line(99, bill)
        Invoice(**{**facts, **changes}).save(force_insert=True)
