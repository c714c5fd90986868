"""Bills: each ended session once, from its frozen tariff; corrected by reversal only."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import (
    Account,
    BillLine,
    Company,
    JournalEntry,
    Member,
    SessionBill,
    SessionTariff,
)
from billing.services import giving_back, holds, ledger, wallets
from cms.shared.errors import Conflict, DomainError
from stations.models import ChargingSession
from tests.billing.charging import (
    PARKING,
    a_driver,
    a_site,
    a_station,
    bill_all,
    charged,
    everywhere,
)
from tests.billing.given import balances
from tests.stations import given
from tests.stations.given import after

pytestmark = pytest.mark.django_db


def test_an_ended_session_gets_its_bill():
    station, driver = a_station(), a_driver()
    everywhere()
    number = charged(station, wh=10_000)
    assert bill_all() == 1
    bill = SessionBill.objects.get()
    assert (bill.session_id, bill.net, bill.tax, bill.gross) == (
        number,
        Decimal("3.00"),
        Decimal("0.57"),
        Decimal("3.57"),
    )
    assert bill.wallet is not None
    assert bill.wallet.user == driver
    assert (bill.energy_wh, bill.charging_seconds, bill.idle_seconds) == (10_000, 3600, 0)


def test_the_ledger_has_what_the_bill_says():
    station, driver = a_station(), a_driver()
    everywhere()
    wallet = wallets.open(customer=driver, currency="EUR", at=after(0))
    charged(station, wh=10_000)
    bill_all()
    assert balances() == {
        f"owed/user/{driver.pk}/EUR": "-3.57",
        "income/charging/EUR": "3.00",
        "tax/DE/19/EUR": "0.57",
    }
    assert wallet.pk == SessionBill.objects.get().wallet_id


def test_a_session_of_nobody_known_is_billed_to_nobody():
    station = a_station()
    everywhere()
    charged(station, tag="STRANGER")
    ChargingSession.objects.update(needs_review=False)
    bill_all()
    assert balances()["unassigned/EUR"] == "-3.57"
    assert SessionBill.objects.get().wallet is None


def test_what_a_bill_charged_is_not_reversed_by_hand():
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    bill_all()
    entry = SessionBill.objects.get().entry
    with pytest.raises(Conflict, match="price the session anew"):
        ledger.reverse(entry_id=entry.pk, key="k", reason="mistake", at=after(900))


def test_what_nobody_paid_is_given_back_to_nobody():
    station = a_station()
    everywhere()
    charged(station, tag="STRANGER")
    ChargingSession.objects.update(needs_review=False)
    bill_all()
    entry, how = SessionBill.objects.get().entry, {"reason": "cable", "key": "k", "at": after(900)}
    with pytest.raises(DomainError, match="nobody we know"):
        giving_back.refund(charge_id=entry.pk, amount=Decimal(1), **how)


def test_a_company_pays_for_its_people():
    station, driver = a_station(), a_driver()
    everywhere()
    company = Company.objects.create(name="Fleet Ltd")
    Member.objects.create(company=company, user=driver)
    charged(station)
    bill_all()
    wallet = SessionBill.objects.get().wallet
    assert wallet is not None
    assert wallet.company == company


def test_billing_again_bills_nothing_again():
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    assert [bill_all(), bill_all()] == [1, 0]
    assert JournalEntry.objects.count() == 1


def test_small_batches_bill_everything():
    station = a_station()
    a_driver()
    everywhere()
    for hour in range(5):
        charged(station, minute=120 * hour)
    assert bill_all(limit=2) == 5


def test_what_waits_for_review_is_billed_once_it_is_settled():
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    ChargingSession.objects.filter(pk=number).update(needs_review=True)
    assert bill_all() == 0
    ChargingSession.objects.filter(pk=number).update(needs_review=False)
    assert bill_all() == 1


def test_what_is_discarded_is_never_billed():
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    ChargingSession.objects.filter(pk=number).update(billable=False)
    assert bill_all() == 0
    assert SessionTariff.objects.get().state == "Nothing"


def test_a_session_under_way_is_not_billed():
    station = a_station()
    a_driver()
    everywhere()
    given.begin(station)
    assert bill_all() == 0


def test_a_free_session_has_a_bill_and_no_entry():
    station = a_station()
    a_driver()
    everywhere()
    charged(station, wh=0)
    assert bill_all() == 1
    assert SessionBill.objects.get().entry is None


def test_idle_minutes_count_from_the_suspension_until_the_connector_is_free():
    station = a_station()
    a_driver()
    everywhere(PARKING)
    began = given.begin(station)
    given.report(station, "Charging", minute=0)
    given.report(station, "SuspendedEV", minute=30)
    given.finish(station, began.transaction_id, minute=60, meter=11_000)
    given.report(station, "Finishing", minute=60)
    given.report(station, "Available", minute=75.5)
    bill_all()
    bill = SessionBill.objects.get()
    # 45.5 minutes idle, 10 free: 35 full minutes at 0.05; (3.00 + 1.75) x 1.19 = 5.6525
    assert (bill.net, bill.gross) == (Decimal("4.75"), Decimal("5.65"))
    assert (bill.charging_seconds, bill.idle_seconds) == (1800, 2730)


def test_a_vehicle_that_is_parked_still_is_billed_when_it_has_left():
    station = a_station()
    a_driver()
    everywhere(PARKING)
    began = given.begin(station)
    given.finish(station, began.transaction_id, minute=60, meter=11_000)
    given.report(station, "Finishing", minute=60)
    assert bill_all(at=after(90)) == 0
    given.report(station, "Available", minute=95)
    assert bill_all(at=after(100)) == 1
    assert SessionBill.objects.get().ended_at == after(95)


def test_a_bill_waits_for_what_the_station_says_after_the_stop():
    station = a_station()
    a_driver()
    everywhere(PARKING)
    charged(station)
    assert [bill_all(at=after(61)), bill_all(at=after(62))] == [0, 1]


def test_a_station_that_never_says_it_is_free_parks_for_a_day_at_most():
    station = a_station()
    a_driver()
    everywhere(PARKING)
    began = given.begin(station)
    given.finish(station, began.transaction_id, minute=60, meter=11_000)
    given.report(station, "Finishing", minute=60)
    assert bill_all(at=after(60 + 24 * 60)) == 1


def test_what_was_held_is_released_and_the_wallet_pays():
    station, driver = a_station(), a_driver()
    everywhere()
    wallet = wallets.open(customer=driver, currency="EUR", at=after(0))
    from billing.services import accounts

    wallets.top_up(
        wallet_id=wallet.pk, amount=Decimal(20), source=accounts.cash("EUR"), key="t", at=after(0)
    )
    number = charged(station)
    assert holds.open_hold(wallet.pk, f"session/{number}") is not None
    bill_all()
    wallet.refresh_from_db()
    assert wallet.balance == Decimal("16.43")
    assert holds.open_hold(wallet.pk, f"session/{number}") is None


def test_energy_is_priced_by_the_clock_of_the_site_as_the_readings_tell():
    station = a_station()
    a_driver()
    early = {"kind": "energy", "price": "0.50", "when": {"between": "06:00-13:30"}}
    late = {"kind": "energy", "price": "0.10"}
    everywhere({"currency": "EUR", "components": [early, late]})
    number = given.begin(station).transaction_id  # 13:00 in Berlin
    given.meter(given.a_reading(station, number, minute=30, energy=2000))
    given.finish(station, number, minute=60, meter=11_000)
    bill_all()
    # 1 kWh until 13:30, 9 kWh after it
    assert SessionBill.objects.get().net == Decimal("1.40")


def test_lines_say_what_they_charge_and_why():
    station = a_station()
    a_driver()
    everywhere()
    charged(station, wh=12_345)
    bill_all()
    line = BillLine.objects.get()
    assert (line.kind, line.quantity, line.unit, line.unit_price) == (
        "energy",
        Decimal("12.345"),
        "kWh",
        Decimal("0.30"),
    )
    assert (line.net, line.tax, line.gross) == (Decimal("3.70"), Decimal("0.70"), Decimal("4.40"))
    assert line.why == [["energy", {}]]


@pytest.mark.parametrize("table", ["billing_sessionbill", "billing_billline"])
@pytest.mark.parametrize("change", ["UPDATE {} SET gross = 1", "DELETE FROM {}"])
def test_nobody_changes_a_bill(table, change):
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    bill_all()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))
    assert SessionBill.objects.get().gross == Decimal("3.57")


def test_a_batch_takes_the_same_number_of_queries_for_many_sessions(django_assert_max_num_queries):
    station = a_station()
    a_driver()
    everywhere(PARKING)
    for hour in range(40):
        charged(station, minute=120 * hour)
    with django_assert_max_num_queries(28):
        assert bill_all(at=after(120 * 41)) == 40


def test_the_first_bills_of_many_drivers_open_their_wallets_together(
    django_assert_max_num_queries,
):
    everywhere()
    site = a_site()
    for number in range(20):
        a_driver(f"driver-{number}", f"CARD-{number}")
        charged(a_station(f"CP-{number}", site), tag=f"CARD-{number}")
    with django_assert_max_num_queries(28):
        assert bill_all() == 20
    wallets = Account.objects.filter(kind="Wallet")
    assert {row.policy for row in wallets} == {"Postpaid"}
    assert Account.objects.filter(wallet__in=wallets).count() == 40
