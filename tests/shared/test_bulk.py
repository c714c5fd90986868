"""Rows of models stored in bulk are those the ORM would have stored, on both engines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import BillLine, SessionBill
from billing.services import numbers
from cms.shared import bulk
from tests.billing import charging
from tests.stations import given

pytestmark = pytest.mark.django_db
ODD = "ü\"\\' {} %s \U0001f50c"


def a_bill(**fields: Any) -> SessionBill:
    """A bill as the ORM stores it, of a session that has none."""
    tariff = charging.a_tariff()
    began = given.begin(charging.a_station())
    bill = charging.a_bill_of_nothing(given.session(began), tariff)
    for name, value in fields.items():
        setattr(bill, name, value)
    return bill


def stored_again(bill: SessionBill) -> SessionBill:
    """The same, stored in bulk beside it."""
    bill.revision += 1
    [bill.pk] = numbers.of(SessionBill, 1)
    assert bulk.run([bulk.of_models([bill])]) == [1]
    return SessionBill.objects.get(pk=bill.pk)


def test_every_kind_of_value_comes_back_as_it_was():
    bill = a_bill(
        net=Decimal("10000000000000.0001"),
        gross=Decimal("0.07"),
        reason=ODD,
        tax_included=True,
        states=[["2025-03-01T12:00:00.000001+00:00", True], [ODD, None, 1.5]],
        started_at=given.after(1 / 7),
        energy_wh=2**62,
    )
    found = stored_again(bill)
    for field in SessionBill._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(bill, field.attname), field.name


def test_small_decimals_are_exact():
    bill = a_bill()
    line = BillLine(
        bill=bill,
        number=1,
        kind="energy",
        quantity=Decimal("0.000001"),
        unit="kWh",
        unit_price=Decimal("1E-6"),
        tax_rate=Decimal("19"),
        **dict.fromkeys(("reduction", "net", "tax", "gross"), Decimal("0.1")),
    )
    bulk.run([bulk.of_models([line])])
    found = BillLine.objects.get()
    assert (found.quantity, found.unit_price) == (Decimal("0.000001"), Decimal("0.000001"))
    assert found.net + found.tax + found.gross == Decimal("0.3")


def test_a_row_that_exists_is_refused_and_nothing_that_comes_with_it_is_stored():
    bill = a_bill()
    [number] = numbers.of(SessionBill, 1)
    other = SessionBill(**{**vars_of(bill), "id": number, "revision": 2})
    again = SessionBill(**{**vars_of(bill), "id": number + 1})
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.run([bulk.of_models([other, again])])
    assert SessionBill.objects.count() == 1


def vars_of(bill: SessionBill) -> dict[str, Any]:
    """Its fields by name."""
    return {field.attname: getattr(bill, field.attname) for field in bill._meta.concrete_fields}


def test_numbers_are_new_and_in_order():
    bill = a_bill()
    keys = numbers.of(SessionBill, 3)
    assert keys == sorted(set(keys))
    assert keys[0] > bill.pk
