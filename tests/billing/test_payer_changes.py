"""Who pays may be another when the bill is made: nothing stays held, and nobody else waits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import (
    Account,
    BillingState,
    Company,
    EntryKind,
    JournalEntry,
    Member,
    SessionBill,
    SessionTariff,
)
from billing.services import accounts, bill_rows, bills, proof, wallets
from cms.accounts.models import User
from rfid.models import RfidCard
from stations.models import ChargingSession, ReviewCase
from stations.services import settling
from tests.billing.charging import LATER, a_driver, a_station, bill_all, charged, everywhere
from tests.stations import given
from tests.stations.given import after, decided

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(settings):
    """Has prepaid 20.00, of which each session holds 5.00 to begin."""
    settings.BILLING_PREPAID_HOLD = Decimal(5)
    driver = a_driver()
    wallet = wallets.open(customer=driver, currency="EUR", at=after(0))
    everywhere()
    cash = accounts.cash("EUR")
    wallets.top_up(wallet_id=wallet.pk, amount=Decimal(20), source=cash, key="t", at=after(0))
    return driver


@pytest.fixture
def number(ann):
    """Of a session of hers of 3.57 that is over, with what was held for it."""
    number = charged(a_station())
    assert held() == Decimal(5)
    return number


def held() -> Decimal:
    """By all."""
    entries = JournalEntry.objects.filter(kind=EntryKind.HOLD, closed_by=None)
    return sum((-entry.postings.get(amount__lt=0).amount for entry in entries), Decimal(0))


def balance(user) -> Decimal:
    return Account.objects.get(user=user, kind="Wallet").balance


def gets_a_company(ann):
    Member.objects.create(user=ann, company=Company.objects.create(name="Fleet"))


def gives_the_card_away(ann):
    RfidCard.objects.update(user=User.objects.create(username="bob"))


def gives_the_card_back(ann):
    RfidCard.objects.update(user=None)


def loses_the_card(ann):
    RfidCard.objects.all().delete()


CHANGES = [
    (gets_a_company, "wallet/company"),
    (gives_the_card_away, "wallet/user"),
    (gives_the_card_back, None),
    (loses_the_card, None),
]


@pytest.mark.parametrize(
    ("change", "payer"), CHANGES, ids=lambda value: getattr(value, "__name__", value)
)
def test_what_is_held_goes_back_to_whom_it_was_taken_from(ann, number, change, payer):
    change(ann)
    assert bill_all() == 1
    assert (held(), balance(ann)) == (Decimal(0), Decimal(20))
    wallet = SessionBill.objects.get(session=number).wallet
    assert (wallet and wallet.code.rsplit("/", 2)[0]) == payer
    assert not [*proof.problems()]


def test_what_is_held_for_a_discarded_session_is_given_back(ann, number):
    ChargingSession.objects.update(billable=False)
    assert bill_all() == 0
    assert (held(), balance(ann)) == (Decimal(0), Decimal(20))
    assert SessionTariff.objects.get().state == BillingState.NOTHING
    assert bill_all() == 0


def test_a_session_that_is_discarded_and_then_accepted_is_billed(ann):
    station = a_station()
    given.begin(station)
    given.begin(station, minute=30)  # the first is over without a stop
    case = ReviewCase.objects.get(reason="NoStop")
    settling.discard(case_id=case.pk, who=decided(), at=after(40))
    bill_all()
    given.finish(station, case.session_id, minute=25, meter=11_000)
    again = ReviewCase.objects.get(resolution="", session=case.session_id)
    settling.accept(case_id=again.pk, who=decided(), at=after(70), energy_wh=10_000)
    bill_all()
    assert SessionBill.objects.get(session=case.session_id).gross == Decimal("3.57")


def test_one_that_cannot_be_billed_keeps_nobody_else_waiting(ann, monkeypatch):
    station = a_station()
    first, second, third = (charged(station, minute=n * 100) for n in range(3))
    rows = bill_rows.bill

    def broken(due, *args, **kwargs):
        if due.priced.session.pk == second:
            raise LookupError("its wallet is lost")
        return rows(due, *args, **kwargs)

    monkeypatch.setattr(bill_rows, "bill", broken)
    assert bills.bill_all_ended(at=LATER) == 2
    assert {bill.session_id for bill in SessionBill.objects.all()} == {first, third}
    assert "its wallet is lost" in SessionTariff.objects.get(session=second).error
    monkeypatch.undo()
    assert bills.bill_all_ended(at=LATER) == 1


@pytest.mark.parametrize("change", [change for change, _ in CHANGES[1:]])
def test_a_new_price_is_of_whom_the_old_one_was(ann, number, change):
    bill_all()
    change(ann)
    ChargingSession.objects.update(energy_wh=20_000, meter_stop_wh=21_000)
    bill = bills.reprice(session_id=number, reason="the meter was read anew", at=LATER)
    assert bill.wallet is not None
    assert (bill.wallet.user, bill.driver) == (ann, ann)
    assert balance(ann) == Decimal(20) - bill.gross


def test_a_card_that_was_of_nobody_is_priced_anew_for_who_has_it(ann, number):
    RfidCard.objects.update(user=None)
    bill_all()
    RfidCard.objects.update(user=ann)
    bill = bills.reprice(session_id=number, reason="her card", at=LATER)
    assert (bill.wallet and bill.wallet.user, bill.driver) == (ann, ann)
