"""A session's money: held at its start, settled at its end, or released."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import AccountKind, JournalEntry
from billing.services import holds
from billing.services.sales import Sale, Tax
from cms.shared.errors import Conflict, DomainError
from tests.billing import given

pytestmark = pytest.mark.django_db
HELD, OWED = AccountKind.HELD, AccountKind.OWED


def release(wallet, key="release"):
    return holds.release(wallet_id=wallet.pk, reference="session/1", key=key, at=given.NOON)


def test_what_is_held_cannot_be_spent_otherwise():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    assert (given.balance(wallet), given.balance(wallet, HELD)) == ("5.00", "15.00")
    with pytest.raises(InsufficientFunds, match=r"5\.00 EUR"):
        given.hold(wallet, "5.01", session="session/2", key="other")


def test_a_session_is_held_once():
    wallet = given.a_wallet(holding="20")
    first = given.hold(wallet, "5")
    assert given.hold(wallet, "5") == first
    with pytest.raises(Conflict, match="held for session/1 already"):
        given.hold(wallet, "5", key="again")
    with pytest.raises(KeyUsed):
        given.hold(wallet, "6")
    assert given.balance(wallet) == "15.00"


def test_a_hold_is_released_once():
    wallet = given.a_wallet(holding="20")
    held = given.hold(wallet, "15")
    entry = release(wallet)
    assert (entry.closes, release(wallet)) == (held, entry)
    with pytest.raises(Conflict, match="Nothing is held"):
        release(wallet, key="again")
    assert given.balances() == {"cash/EUR": "-20.00", f"wallet/user/{wallet.user_id}/EUR": "20.00"}


def test_settling_releases_the_hold_and_charges_the_cost():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    done = given.settle(wallet, given.sale("10", tax="1.90"))
    assert given.lines(done.released) == {"Held": "-15.00", "Wallet": "15.00"}
    assert given.lines(done.charged) == {"Wallet": "-11.90", "Income": "10.00", "Tax": "1.90"}
    assert (given.balance(wallet), given.balance(wallet, HELD)) == ("8.10", "0.00")


def test_settling_again_changes_nothing():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    done = given.settle(wallet, given.sale("10", tax="1.90"))
    before = given.counted()
    assert given.settle(wallet, given.sale("10.0", tax="1.9")) == done
    assert given.counted() == before
    with pytest.raises(KeyUsed):
        given.settle(wallet, given.sale("11", tax="1.90"))


def test_a_session_that_cost_nothing_only_gives_back():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    done = given.settle(wallet, given.sale("0"))
    assert done.charged is None
    assert given.settle(wallet, given.sale("0")) == done
    assert given.balance(wallet) == "20.00"


def test_a_session_without_hold_or_cost_books_nothing():
    wallet = given.a_wallet()
    assert given.settle(wallet, given.sale("0")) == (None, None)
    assert given.counted() == (0, 0)


def test_what_a_prepaid_wallet_cannot_pay_is_owed():
    wallet = given.a_wallet(holding="10")
    given.hold(wallet, "10")
    done = given.settle(wallet, given.sale("10", tax="1.90"))
    assert given.lines(done.charged) == {
        "Wallet": "-10.00",
        "Owed": "-1.90",
        "Income": "10.00",
        "Tax": "1.90",
    }
    assert given.settle(wallet, given.sale("10", tax="1.90")) == done
    assert (given.balance(wallet), given.balance(wallet, OWED)) == ("0.00", "-1.90")


def test_a_postpaid_wallet_goes_down_to_its_limit():
    wallet = given.a_company_wallet("100")
    given.settle(wallet, given.sale("60"))
    assert given.balance(wallet) == "-60.00"
    given.settle(wallet, given.sale("60"), session="session/2", key="second")
    assert (given.balance(wallet), given.balance(wallet, OWED)) == ("-100.00", "-20.00")
    with pytest.raises(InsufficientFunds, match=r"0\.00 EUR"):
        given.hold(wallet, "1")


def test_taxes_of_several_rates_go_to_accounts_of_their_own():
    wallet = given.a_wallet(holding="100")
    taxes = (Tax("DE", Decimal(19), Decimal("1.90")), Tax("DE", Decimal(7), Decimal("0.70")))
    given.settle(wallet, Sale(Decimal(20), taxes))
    assert given.ours("income/charging/EUR", "tax/DE/19/EUR", "tax/DE/7/EUR") == [
        "20.00",
        "1.90",
        "0.70",
    ]


@pytest.mark.parametrize(("net", "tax"), [("-1", "0"), ("1", "-0.10"), ("1.001", "0.999")])
def test_a_sale_that_is_none_is_refused_whole(net, tax):
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    with pytest.raises(DomainError):
        given.settle(wallet, given.sale(net, tax=tax))
    assert given.balance(wallet, HELD) == "15.00"


def test_an_entry_says_when_it_happened_and_when_it_was_booked():
    wallet = given.a_wallet(holding="20")
    holds.settle(
        wallet_id=wallet.pk,
        reference="session/1",
        sale=given.sale("1"),
        key="late",
        at=given.after(600),
        happened_at=given.after(60),
        description="Charging",
    )
    charge = JournalEntry.objects.get(kind="Charge")
    assert (charge.at, charge.booked_at) == (given.after(60), given.after(600))
    assert {posting.booked_at for posting in charge.postings.all()} == {given.after(600)}


def test_a_booking_takes_as_many_queries_whatever_there_is(django_assert_max_num_queries):
    wallet = given.a_wallet(holding="100")
    given.hold(wallet, "50")
    given.settle(wallet, given.sale("1", tax="0.19"), session="session/0", key="warm")
    with django_assert_max_num_queries(12):
        given.settle(wallet, given.sale("10", tax="1.90"))
