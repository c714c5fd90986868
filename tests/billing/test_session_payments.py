"""Paying one session by card: reserved at its start, captured at its bill, the rest let go."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import AccountKind, JournalEntry, Policy
from billing.services import allowance, payments, proof, wallets
from cms.shared.errors import Conflict, NotFound
from stations.models import Command
from stations.services import sessions
from tests.billing import paying
from tests.billing.charging import a_driver, a_site, a_station, bill_all, everywhere
from tests.billing.given import balance, balances
from tests.billing.paying import begun, drive, history, now, reserved
from tests.stations import given
from tests.stations.given import NOON, after

pytestmark = pytest.mark.django_db
NEXT_DAY = 24 * 60


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def station():
    """CP-1 at a site in Germany, connected, with a tariff of 0.30 a kWh, 19 % tax."""
    everywhere()
    made = a_station(site=a_site())
    given.a_connected_station(made.cp_id)
    return made


@pytest.fixture
def ann(db):
    """A driver with a card and a prepaid wallet of nothing."""
    driver = a_driver()
    wallets.open(customer=driver, currency="EUR", at=NOON)
    return driver


def charged(station, *, kwh: int = 10, minute: float = 0) -> int:
    """A session of an hour, with its bill; gives its number."""
    number = given.begin(station, minute=minute).transaction_id
    given.finish(station, number, minute=minute + 60, meter=1000 + kwh * 1000)
    bill_all()
    return number


def answer(station) -> str:
    return sessions.authorize(station_id=station.pk, id_tag="CARD-1", at=NOON).status


def test_what_is_reserved_lets_a_driver_begin_who_prepaid_nothing(server, station, ann):
    assert answer(station) == "Blocked"
    payment = begun(ann, purpose="Session")
    assert answer(station) == "Blocked"
    paying.hear("payment_intent.amount_capturable_updated", server.confirm("pi_0001"))
    assert now(payment).state == "Authorised"
    assert answer(station) == "Accepted"
    assert server.made("payment_intents$")[0].params["capture_method"] == "manual"


def test_less_than_a_session_needs_is_not_enough(server, station, ann):
    reserved(server, ann, "4.99")
    assert answer(station) == "Blocked"


def test_what_is_reserved_for_one_station_is_not_for_another(server, station, ann):
    other = a_station("CP-2", site=station.site)
    reserved(server, ann, station=other)
    assert (answer(station), answer(other)) == ("Blocked", "Accepted")


def test_the_bill_is_captured_and_the_rest_let_go(server, station, ann):
    payment = reserved(server, ann)
    number = charged(station)
    assert balances()[f"owed/user/{ann.pk}/EUR"] == "-3.57"
    drive(NEXT_DAY)
    payment = now(payment)
    assert (payment.session_id, payment.state, payment.captured) == (
        number,
        "Captured",
        Decimal("3.57"),
    )
    assert server.taken() == 357
    assert balance(payment.wallet) == balance(payment.wallet, AccountKind.OWED) == "0.00"
    assert not JournalEntry.objects.filter(kind="Hold").exists()
    assert f"Pays for session {number}" in history(payment)
    assert list(proof.problems()) == []


def test_what_the_bill_exceeds_stays_owed(server, station, ann):
    payment = reserved(server, ann, "10")
    charged(station, kwh=40)  # 14.28
    drive(NEXT_DAY)
    assert now(payment).captured == 10
    assert balance(payment.wallet, AccountKind.OWED) == "-4.28"
    assert balance(payment.wallet) == "0.00"


def test_a_session_that_costs_nothing_lets_go_of_everything(server, station, ann):
    payment = reserved(server, ann)
    charged(station, kwh=0)
    drive(NEXT_DAY)
    assert now(payment).state == "Cancelled"
    assert server.intents["pi_0001"]["status"] == "canceled"


def test_what_no_session_used_in_time_is_let_go_of(server, station, ann):
    payment = reserved(server, ann)
    drive(59)
    assert now(payment).state == "Authorised"
    drive(61)
    assert now(payment).state == "Cancelled"
    assert answer(station) == "Blocked"


def test_a_session_under_way_keeps_what_is_reserved(server, station, ann):
    payment = reserved(server, ann)
    given.begin(station)
    drive(300)
    assert now(payment).state == "Authorised"


def test_a_payment_pays_for_one_session_only(server, station, ann):
    payment = reserved(server, ann)
    first = charged(station)
    assert answer(station) == "Blocked"
    drive(NEXT_DAY)
    assert now(payment).session_id == first


def test_a_session_under_way_is_paid_by_name(server, station, ann):
    wallets.set_terms(
        wallet_id=ann.accounts.get(kind="Wallet").pk,
        policy=Policy.POSTPAID,
        credit_limit=Decimal(100),
        at=NOON,
    )
    number = given.begin(station).transaction_id
    payment = reserved(server, ann, session_id=number)
    given.finish(station, number, meter=11_000)
    bill_all()
    drive(NEXT_DAY)
    assert (now(payment).captured, balance(payment.wallet)) == (Decimal("3.57"), "0.00")


def test_two_payments_of_a_session_take_its_price_together(server, station, ann):
    reserved(server, ann, "5")
    number = given.begin(station).transaction_id
    paying.reserved(server, ann, "5", key="p2", session_id=number)
    given.finish(station, number, meter=21_000)
    bill_all()
    drive(NEXT_DAY)
    assert server.taken() == 714


def test_a_session_of_somebody_else_or_one_that_is_over_is_not_paid(server, station, ann):
    number = charged(station)
    with pytest.raises(Conflict, match="is over"):
        begun(ann, purpose="Session", session_id=number)
    with pytest.raises(NotFound):
        begun(a_driver("bob", "CARD-2"), purpose="Session", session_id=number)
    other = given.begin(station, minute=100).transaction_id
    with pytest.raises(Conflict, match="not billed in USD"):
        begun(ann, purpose="Session", session_id=other, currency="USD")
    assert server.calls == []


def test_a_bank_that_lets_go_early_leaves_the_bill_owed(server, station, ann):
    payment = reserved(server, ann)
    given.begin(station)
    paying.hear("payment_intent.canceled", server.expire("pi_0001"))
    assert (now(payment).state, now(payment).error) == (
        "Cancelled",
        "The provider let go of it by itself",
    )


def test_a_session_is_not_stopped_while_what_is_reserved_lasts(server, station, ann):
    reserved(server, ann)
    number = given.begin(station).transaction_id

    def metered(kwh: int) -> None:
        given.meter(given.a_reading(station, number, minute=30 + kwh, energy=1000 + kwh * 1000))

    metered(50)  # 17.85
    assert allowance.stop_used_up(at=after(85)) == 0
    metered(54)  # 19.28, more than 95 % of it
    assert allowance.stop_used_up(at=after(85)) == 1
    assert Command.objects.get().payload == {"transactionId": number}


def test_only_what_is_not_in_use_is_cancelled_by_request(server, station, ann):
    payment = reserved(server, ann)
    payments.cancel(payment_id=payment.pk, at=NOON)
    payments.cancel(payment_id=payment.pk, at=NOON)
    drive(0)
    assert now(payment).state == "Cancelled"
    other = reserved(server, ann, key="p2")
    given.begin(station)
    with pytest.raises(Conflict):
        payments.cancel(payment_id=other.pk, at=NOON)
