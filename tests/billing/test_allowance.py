"""Prepaid: too little refuses the card, a hold at the start, a stop when it is used up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import Account, Company, JournalEntry, Member, Policy
from billing.services import accounts, allowance, holds, wallets
from cms.accounts.models import User
from stations.models import Command
from stations.services import sessions
from tests.billing.charging import a_driver, a_site, a_station, bill_all, everywhere
from tests.billing.given import top_up
from tests.stations import given
from tests.stations.given import NOON, after

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    """CP-1 at a site in Germany, connected, with a tariff of 0.30 a kWh."""
    everywhere()
    made = a_station(site=a_site())
    given.a_connected_station(made.cp_id)
    return made


def prepaid(user: User, amount: str = "0") -> Account:
    """The driver's prepaid wallet."""
    wallet = wallets.open(customer=user, currency="EUR", at=NOON)
    if Decimal(amount):
        top_up(wallet, amount)
    return wallet


def answer(station) -> str:
    """What the station is told about the card."""
    return sessions.authorize(station_id=station.pk, id_tag="CARD-1", at=NOON).status


def test_a_driver_without_a_wallet_pays_by_bill(station):
    a_driver()
    assert answer(station) == "Accepted"


@pytest.mark.parametrize(("amount", "told"), [("4.99", "Blocked"), ("5.00", "Accepted")])
def test_who_prepaid_too_little_may_not_begin(station, amount, told):
    prepaid(a_driver(), amount)
    assert answer(station) == told


def test_a_company_with_its_credit_used_up_is_refused(station):
    company = Company.objects.create(name="Fleet Ltd")
    Member.objects.create(company=company, user=a_driver())
    wallet = wallets.open(
        customer=company, currency="EUR", at=NOON, policy=Policy.POSTPAID, credit_limit=Decimal(10)
    )
    assert answer(station) == "Accepted"
    wallets.top_up(
        wallet_id=wallet.pk, amount=Decimal(5), source=accounts.cash("EUR"), key="a", at=NOON
    )
    holds.hold(wallet_id=wallet.pk, amount=Decimal(15), reference="x/1", key="b", at=NOON)
    assert answer(station) == "Blocked"


def test_a_postpaid_wallet_without_a_limit_is_never_refused(station):
    wallets.open(customer=a_driver(), currency="EUR", at=NOON, policy=Policy.POSTPAID)
    assert answer(station) == "Accepted"


def test_a_bill_opens_a_postpaid_wallet_that_refuses_nothing(station):
    a_driver()
    began = given.begin(station)
    given.finish(station, began.transaction_id)
    bill_all()
    assert answer(station) == "Accepted"


def test_a_start_sets_money_aside_once(station):
    wallet = prepaid(a_driver(), "20")
    began = given.begin(station)
    given.begin(station)
    wallet.refresh_from_db()
    assert wallet.balance == Decimal(15)
    assert holds.open_hold(wallet.pk, f"session/{began.transaction_id}") is not None


def test_a_refused_start_is_kept_and_holds_nothing(station):
    prepaid(a_driver(), "1")
    began = given.begin(station)
    assert began.authorization.status == "Blocked"
    assert not JournalEntry.objects.filter(kind="Hold").exists()


def metered(station, number: int, kwh: int) -> None:
    """The session has taken so much by now."""
    given.meter(given.a_reading(station, number, minute=30, energy=1000 + kwh * 1000))


def test_a_session_that_used_it_up_is_asked_to_stop_once(station):
    prepaid(a_driver(), "10")
    number = given.begin(station).transaction_id
    metered(station, number, 20)
    assert allowance.stop_used_up(at=after(31)) == 0
    metered(station, number, 27)  # 27 x 0.30 x 1.19 = 9.64 of 10.00
    assert allowance.stop_used_up(at=after(31)) == 1
    allowance.stop_used_up(at=after(32))
    command = Command.objects.get()
    assert (command.action, command.payload) == (
        "RemoteStopTransaction",
        {"transactionId": number},
    )


def test_a_station_that_does_not_stop_is_asked_again_later(station):
    prepaid(a_driver(), "10")
    number = given.begin(station).transaction_id
    metered(station, number, 30)
    allowance.stop_used_up(at=after(31))
    allowance.stop_used_up(at=after(40))
    assert Command.objects.count() == 2


def test_of_two_sessions_of_a_wallet_the_later_one_stops_first(station):
    prepaid(a_driver(), "20")
    first = given.begin(station).transaction_id
    second = given.begin(station, connector=2, minute=1).transaction_id
    metered(station, first, 40)
    given.meter(given.a_reading(station, second, connector=2, minute=30, energy=16_000))
    allowance.stop_used_up(at=after(31))
    assert [command.payload["transactionId"] for command in Command.objects.all()] == [second]


def test_what_ended_and_has_no_bill_yet_is_used_up_too(station):
    prepaid(a_driver(), "20.00")
    first = given.begin(station).transaction_id
    given.finish(station, first, minute=20, meter=51_000)  # 50 kWh: 17.85
    second = given.begin(station, minute=25).transaction_id
    given.meter(given.a_reading(station, second, minute=30, energy=3_000))  # 2 kWh: 0.71
    assert allowance.stop_used_up(at=after(31)) == 0
    given.meter(given.a_reading(station, second, minute=31, energy=6_000))  # 5 kWh: 1.79
    assert allowance.stop_used_up(at=after(32)) == 1
    [asked] = Command.objects.filter(action="RemoteStopTransaction")
    assert asked.payload == {"transactionId": second}


def test_a_postpaid_session_is_never_stopped(station):
    wallets.open(customer=a_driver(), currency="EUR", at=NOON, policy=Policy.POSTPAID)
    metered(station, given.begin(station).transaction_id, 500)
    assert allowance.stop_used_up(at=after(31)) == 0


def test_a_station_that_is_away_is_not_asked(station):
    prepaid(a_driver(), "10")
    metered(station, given.begin(station).transaction_id, 40)
    type(station).objects.update(connection_id="")
    assert allowance.stop_used_up(at=after(31)) == 0
