"""Wallets: opened once, topped up, paid out, never below their floor."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import Account, AccountKind, Policy
from billing.services import accounts, wallets
from cms.shared.errors import DomainError, NotFound
from tests.billing import given

pytestmark = pytest.mark.django_db
OWED = AccountKind.OWED


def terms(wallet, policy="Postpaid", limit="50"):
    return wallets.set_terms(
        wallet_id=wallet.pk, policy=policy, credit_limit=Decimal(limit), at=given.NOON
    )


def pay_out(wallet, amount, key="out"):
    return wallets.pay_out(
        wallet_id=wallet.pk,
        amount=Decimal(amount),
        target=given.CASH,
        key=key,
        reason="left us",
        at=given.NOON,
    )


def test_a_customer_has_one_wallet_in_a_currency():
    ada = given.a_user()
    first = wallets.open(customer=ada, currency="EUR", at=given.NOON)
    assert wallets.open(customer=ada, currency="EUR", at=given.after(1)) == first
    other = wallets.open(customer=ada, currency="SEK", at=given.NOON)
    assert other != first
    assert {row.kind for row in Account.objects.filter(wallet=first)} == {"Held", "Owed"}
    assert first.policy == Policy.PREPAID
    assert first.floor == first.balance == 0


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"currency": "EURO"}, "currency"),
        ({"policy": "Never"}, "policy"),
        ({"credit_limit": Decimal(10)}, "creditLimit"),
        ({"policy": "Postpaid", "credit_limit": Decimal("0.001")}, "creditLimit"),
        ({"policy": "Postpaid", "credit_limit": Decimal(-1)}, "creditLimit"),
    ],
)
def test_a_wallet_that_makes_no_sense_names_the_field(wanted, field):
    wanted = {"currency": "EUR", **wanted}
    with pytest.raises(DomainError) as refusal:
        wallets.open(customer=given.a_user(), at=given.NOON, **wanted)
    assert list(refusal.value.fields) == [field]
    assert not Account.objects.exists()


def test_a_top_up_comes_from_where_the_money_is():
    wallet = given.a_wallet()
    entry = given.top_up(wallet, "50")
    assert given.lines(entry) == {"Wallet": "50.00", "Cash": "-50.00"}
    cash = Account.objects.get(kind=AccountKind.CASH)
    assert cash.balance == -50
    assert cash.natural_balance == 50


def test_a_top_up_that_is_repeated_counts_once():
    wallet = given.a_wallet()
    first = given.top_up(wallet, "50")
    assert given.top_up(wallet, "50.00") == first
    assert given.balance(wallet) == "50.00"
    assert given.counted() == (1, 2)


def test_a_key_that_comes_again_with_something_else_is_an_error():
    wallet = given.a_wallet(holding="50")
    with pytest.raises(KeyUsed) as refusal:
        given.top_up(wallet, "60")
    assert list(refusal.value.fields) == ["Idempotency-Key"]
    with pytest.raises(KeyUsed):
        pay_out(wallet, "50", key=f"top-up/{wallet.pk}")
    assert given.balance(wallet) == "50.00"


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1e15"])
def test_an_amount_that_is_none_names_its_field(amount):
    wallet = given.a_wallet()
    with pytest.raises(DomainError) as refusal:
        given.top_up(wallet, amount)
    assert list(refusal.value.fields) == ["amount"]
    assert given.counted() == (0, 0)


def test_amounts_have_as_many_decimals_as_the_currency():
    given.top_up(given.a_wallet("yen", currency="JPY"), "100")
    dinar = given.a_wallet("dinar", currency="KWD")
    given.top_up(dinar, "1.125")
    dinar.refresh_from_db()
    assert dinar.balance == Decimal("1.125")
    with pytest.raises(DomainError):
        given.top_up(given.a_wallet("other", currency="JPY"), "100.5")


@pytest.mark.parametrize("key", ["", "k" * 181])
def test_every_booking_needs_a_key(key):
    wallet = given.a_wallet()
    with pytest.raises(DomainError, match="idempotency key"):
        wallets.top_up(
            wallet_id=wallet.pk, amount=Decimal(1), source=given.CASH, key=key, at=given.NOON
        )


def test_a_wallet_nobody_knows_is_not_found():
    with pytest.raises(NotFound):
        wallets.top_up(wallet_id=0, amount=Decimal(1), source=given.CASH, key="k", at=given.NOON)
    cash = given.a_wallet(holding="1").postings.get().entry.postings.get(amount__lt=0).account
    with pytest.raises(NotFound):
        pay_out(cash, "1")


def test_what_is_there_can_be_paid_out_and_no_more():
    wallet = given.a_wallet(holding="50")
    with pytest.raises(InsufficientFunds) as refusal:
        pay_out(wallet, "50.01")
    assert list(refusal.value.fields) == ["amount"]
    entry = pay_out(wallet, "20")
    assert pay_out(wallet, "20") == entry
    assert given.lines(entry) == {"Wallet": "-20.00", "Cash": "20.00"}
    assert given.balance(wallet) == "30.00"


def test_credit_is_never_paid_out():
    with pytest.raises(InsufficientFunds, match=r"0\.00 EUR"):
        pay_out(given.a_company_wallet("100"), "1")


def test_paying_out_needs_a_reason():
    wallet = given.a_wallet(holding="50")
    with pytest.raises(DomainError) as refusal:
        wallets.pay_out(
            wallet_id=wallet.pk,
            amount=Decimal(1),
            target=given.CASH,
            key="out",
            reason=" ",
            at=given.NOON,
        )
    assert list(refusal.value.fields) == ["reason"]


def test_what_is_owed_is_taken_from_the_next_money():
    wallet = given.a_wallet(holding="5")
    given.settle(wallet, given.sale("12"))
    assert (given.balance(wallet), given.balance(wallet, OWED)) == ("0.00", "-7.00")
    given.top_up(wallet, "4", key="first")
    assert (given.balance(wallet), given.balance(wallet, OWED)) == ("0.00", "-3.00")
    given.top_up(wallet, "4", key="second")
    assert (given.balance(wallet), given.balance(wallet, OWED)) == ("1.00", "0.00")


def test_terms_can_change_while_the_balance_allows_it():
    wallet = given.a_wallet()
    assert terms(wallet).available == 50
    given.settle(wallet, given.sale("40"))
    assert given.balance(wallet) == "-40.00"
    with pytest.raises(DomainError) as refusal:
        terms(wallet, limit="39.99")
    assert list(refusal.value.fields) == ["creditLimit"]
    assert terms(wallet, limit="40").available == 0
    with pytest.raises(DomainError, match="Prepaid has no credit"):
        terms(wallet, policy="Prepaid", limit="40")


def test_tax_accounts_are_of_a_country_and_a_rate():
    one = accounts.tax("EUR", country="DE", rate=Decimal("19.0"))
    assert one == accounts.tax("EUR", country="DE", rate=Decimal("19.0"))
    assert one.code == "tax/DE/19/EUR"
    assert accounts.tax("EUR", country="FI", rate=Decimal("25.5")).code == "tax/FI/25.5/EUR"
    assert accounts.tax("EUR", country="DE", rate=Decimal(100)).code == "tax/DE/100/EUR"
