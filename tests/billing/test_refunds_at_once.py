"""A session refunded by many at once gives back what was asked for, and no more than it took."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.models import Account, EntryKind, JournalEntry
from billing.services import giving_back
from tests.billing import given
from tests.billing.test_at_once import MANY, at_once, kinds, proved

pytestmark = pytest.mark.django_db(transaction=True)
SESSION = "session/1"


def refund(wallet: Account, key: str, amount: str = "5") -> JournalEntry:
    """So much of the session back."""
    return giving_back.refund_session(
        wallet_id=wallet.pk,
        reference=SESSION,
        amount=Decimal(amount),
        reason="A slow station",
        key=key,
        at=given.after(90),
    )


def charged() -> Account:
    """The wallet of somebody who had 20.00 and paid for a session."""
    wallet = given.a_wallet(holding="20")
    given.settle(wallet, given.sale("10", "1.90"))
    return wallet


def refunds() -> int:
    return JournalEntry.objects.filter(kind=EntryKind.REFUND).count()


def test_the_same_refund_at_once_is_booked_once_and_everybody_is_told_of_that_one():
    wallet = charged()
    results = at_once(lambda _: refund(wallet, "refund/1"))
    assert {entry.pk for entry in results} == {results[0].pk}
    assert refunds() == 1
    assert given.balance(wallet) == "13.10"
    assert proved()


def test_refunds_with_other_keys_at_once_give_back_no_more_than_the_session_took():
    wallet = charged()
    results = at_once(lambda number: refund(wallet, f"refund/{number}"))
    assert kinds(results) == {"JournalEntry": 2, "Conflict": MANY - 2}
    assert given.balance(wallet) == "18.10"
    assert proved()


def test_one_key_for_other_amounts_at_once_books_one_and_refuses_the_others():
    wallet = charged()
    results = at_once(lambda number: refund(wallet, "refund/1", f"0.{number + 10}"))
    booked = [result for result in results if isinstance(result, JournalEntry)]
    assert kinds(results) == {"JournalEntry": 1, "KeyUsed": MANY - 1}
    assert len(booked) == refunds() == 1
    assert proved()


@pytest.mark.parametrize("keys", ["the same", "others"])
def test_what_is_held_is_given_back_once_for_a_key_and_never_more_than_is_held(keys):
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "12")
    results: list[Any] = at_once(
        lambda number: refund(wallet, f"refund/{number if keys == 'others' else 1}")
    )
    times = 2 if keys == "others" else 1
    assert len({row.pk for row in results if isinstance(row, JournalEntry)}) == times
    assert given.balance(wallet) == f"{8 + 5 * times:.2f}"
    assert proved()


def test_a_refund_and_the_end_of_its_session_at_once_leave_the_books_right():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "12")

    def one(number: int) -> Any:
        if number % 2:
            return refund(wallet, "refund/1")
        return given.settle(wallet, given.sale("10", "1.90"))

    results = at_once(one)
    assert not [result for result in results if isinstance(result, Exception)]
    assert given.balance(wallet) == "13.10" or refunds() == 0
    assert proved()
