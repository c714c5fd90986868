"""A bill is corrected by taking it back and making a new one, when somebody says so and why."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.models import BillLine, Posting, SessionBill
from billing.services import bills
from cms.shared.errors import Conflict, DomainError
from stations.models import ChargingSession
from tests.billing.charging import (
    LATER,
    a_driver,
    a_station,
    bill_all,
    charged,
    everywhere,
    new_version,
)
from tests.billing.given import balances

pytestmark = pytest.mark.django_db


def repriced(number: int, **more: object) -> SessionBill:
    """The session priced anew a day later."""
    return bills.reprice(session_id=number, reason="wrong tariff", at=LATER, **more)


def test_a_new_price_takes_the_old_bill_back_and_makes_a_new_one():
    station, driver = a_station(), a_driver()
    tariff = everywhere()
    number = charged(station)
    bill_all()
    repriced(number, version=new_version(tariff, "0.40", at=LATER))
    rows = SessionBill.objects.order_by("revision")
    assert [(row.kind, row.gross) for row in rows] == [
        ("Bill", Decimal("3.57")),
        ("Reversal", Decimal("-3.57")),
        ("Bill", Decimal("4.76")),
    ]
    assert balances()[f"owed/user/{driver.pk}/EUR"] == "-4.76"


def test_bills_lines_and_ledger_agree_after_corrections():
    station = a_station()
    a_driver()
    tariff = everywhere()
    number = charged(station)
    charged(station, minute=120, wh=7_777)
    bill_all()
    repriced(number, version=new_version(tariff, "0.40", at=LATER))
    billed = SessionBill.objects.aggregate(net=Sum("net"), tax=Sum("tax"))
    by_line = BillLine.objects.aggregate(net=Sum("net"), tax=Sum("tax"))
    assert billed == by_line
    posted = Posting.objects.filter(account__code="income/charging/EUR")
    assert posted.aggregate(net=Sum("amount"))["net"] == billed["net"]


def test_late_readings_change_a_bill_only_when_somebody_asks():
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    bill_all()
    ChargingSession.objects.filter(pk=number).update(energy_wh=20_000)
    assert bill_all() == 0
    assert bills.current(number).gross == Decimal("3.57")
    assert repriced(number).gross == Decimal("7.14")


def test_a_price_is_not_changed_without_a_reason():
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    bill_all()
    with pytest.raises(DomainError) as refused:
        bills.reprice(session_id=number, reason=" ", at=LATER)
    assert "reason" in refused.value.fields


def test_what_has_no_bill_is_not_priced_anew():
    station = a_station()
    a_driver()
    everywhere()
    with pytest.raises(Conflict):
        repriced(charged(station))


def test_a_preview_writes_nothing():
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    assert bills.preview(session_id=number, version=None, at=LATER).bill.gross == Decimal("3.57")
    assert not SessionBill.objects.exists()
