"""Booking on any accounts: balanced, once for each key, exact on both engines."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import Account, EntryKind, Posting
from billing.services import accounts, ledger
from cms.shared.errors import DomainError
from tests.billing import given

pytestmark = pytest.mark.django_db
SEK = accounts.cash("SEK")


def book(*lines, key="key", **facts):
    return ledger.book(
        kind=EntryKind.ADJUSTMENT,
        lines=[(account, Decimal(amount)) for account, amount in lines],
        key=key,
        at=given.NOON,
        **facts,
    )


def test_accounts_of_ours_are_made_when_first_booked_on():
    book((given.CASH, "-5"), (accounts.adjustment("EUR"), "5"), reason="found")
    assert given.balances() == {"cash/EUR": "-5.00", "adjustment/EUR": "5.00"}
    book((given.CASH, "-5"), (accounts.adjustment("EUR"), "5"), key="other")
    assert Account.objects.count() == 2


def test_the_same_key_books_once():
    first = book((given.CASH, "-5"), (accounts.adjustment("EUR"), "5"))
    assert book((given.CASH, "-5.00"), (accounts.adjustment("EUR"), "5")) == first
    with pytest.raises(KeyUsed):
        book((given.CASH, "-6"), (accounts.adjustment("EUR"), "6"))
    with pytest.raises(KeyUsed):
        book((given.CASH, "-5"), (accounts.adjustment("EUR"), "5"), reason="another")
    assert given.counted() == (1, 2)


@pytest.mark.parametrize(
    "lines",
    [
        [(given.CASH, "5")],
        [],
        [(given.CASH, "0"), (accounts.income("EUR"), "0")],
        [(given.CASH, "-5"), (accounts.income("EUR"), "4.99")],
        [(given.CASH, "-5"), (accounts.income("SEK"), "5")],
        [(given.CASH, "-0.005"), (accounts.income("EUR"), "0.005")],
        [(given.CASH, "-5"), (given.CASH, "5")],
    ],
)
def test_an_entry_that_does_not_balance_is_refused(lines):
    with pytest.raises(DomainError):
        book(*lines)
    assert given.counted() == (0, 0)


def test_an_entry_in_two_currencies_balances_in_each():
    exchange = accounts.Ours("exchange/EUR", "Adjustment", "EUR", "Exchange")
    back = accounts.Ours("exchange/SEK", "Adjustment", "SEK", "Exchange")
    book((given.CASH, "10"), (exchange, "-10"), (SEK, "-112"), (back, "112"))
    assert given.ours("cash/EUR", "cash/SEK") == ["10.00", "-112.00"]


def test_lines_on_one_account_become_one_posting():
    entry = book((given.CASH, "-5"), (given.CASH, "-3"), (accounts.adjustment("EUR"), "8"))
    assert given.lines(entry) == {"Cash": "-8.00", "Adjustment": "8.00"}


def test_each_posting_says_what_the_account_had_after_it():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    given.settle(wallet, given.sale("10"))
    rows = Posting.objects.filter(account=wallet).order_by("pk")
    assert [f"{row.balance_after:.2f}" for row in rows] == ["20.00", "5.00", "20.00", "10.00"]


def test_nobody_books_a_wallet_below_its_floor():
    wallet = given.a_wallet(holding="20")
    with pytest.raises(InsufficientFunds):
        book((wallet, "-20.01"), (given.CASH, "20.01"))
    assert given.balance(wallet) == "20.00"


def test_sums_are_exact_on_both_engines():
    adjustment = accounts.adjustment("EUR")
    for number, amount in enumerate(["0.1", "0.2", "-0.3", "90000000000000.07"]):
        book((given.CASH, f"-{amount}".replace("--", "")), (adjustment, amount), key=str(number))
    found = Account.objects.get(code="adjustment/EUR")
    assert found.balance == Decimal("90000000000000.07")
    assert found.postings.aggregate(all=Sum("amount"))["all"] == found.balance
    assert found.postings.filter(amount__lt=Decimal("0.15")).count() == 2
    assert found.postings.get(amount=Decimal("0.2")).amount == Decimal("0.2")
