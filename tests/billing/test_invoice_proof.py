"""``verify_invoices`` sees what is wrong with invoices, if somebody gets past the database."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.models import Invoice, InvoiceLine, InvoiceSeries
from billing.services import invoice_proof, invoices
from stations.models import ChargingStation
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import FIRST_RUN, MAY, billed

pytestmark = pytest.mark.django_db(transaction=True)
CHANGES: dict[str, Any] = {
    "is not what its hash was made of": lambda: Invoice.objects.update(recipient_name="Eve"),
    "is not what its hash": lambda: InvoiceLine.objects.update(text="Cheaper"),
    "its lines sum to": lambda: Invoice.objects.filter(kind="Invoice").update(net=1),
    "2 is missing": lambda: Invoice.objects.filter(sequence=2).update(sequence=9),
    "does not name the hash": lambda: Invoice.objects.update(previous_hash="0"),
    "goes on with 7": lambda: InvoiceSeries.objects.update(next_number=7),
    "by rate": lambda: Invoice.objects.update(taxes=[]),
    "is not what its bill": lambda: InvoiceLine.objects.filter(bill__isnull=False).update(gross=9),
    "gave back": lambda: InvoiceLine.objects.filter(entry__isnull=False).update(gross=9),
    "are on no invoice": lambda: InvoiceLine.objects.filter(bill__isnull=False)._raw_delete(
        "default"
    ),
    "guard billing_invoice_follows is missing": lambda: None,
}


@pytest.fixture
def issued(db):
    """Two invoices and a credit note."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    station = charging.a_station()
    bill = billed(station)
    invoices.issue_due(at=FIRST_RUN)
    invoicing.refunded(bill, "1.19", FIRST_RUN)
    billed(station, at=FIRST_RUN + timedelta(days=2))
    invoices.issue_due(at=MAY + timedelta(hours=3))


def said() -> str:
    out = StringIO()
    call_command("verify_invoices", stdout=out)
    return out.getvalue()


def test_what_was_issued_is_proved(issued):
    assert said().startswith("Proved: 2 series, 3 invoices, 3 lines;")


@pytest.mark.parametrize("problem", CHANGES)
def test_it_says_what_is_wrong(issued, problem):
    money.unguarded()
    try:
        CHANGES[problem]()
        with pytest.raises(CommandError, match=problem):
            said()
    finally:
        money.guarded()


def test_what_is_not_due_yet_is_no_problem(issued):
    billed(ChargingStation.objects.get(), at=MAY + timedelta(days=1))
    assert list(invoice_proof.problems()) == []
