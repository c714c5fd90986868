"""Many at once: nothing is booked twice, nothing is lost, no wallet falls below its limit."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import Account, AccountKind, JournalEntry, Posting
from billing.services import accounts, giving_back, holds, ledger, proof, wallets
from cms.shared.errors import Conflict
from tests.billing import given

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 50 if connection.vendor == "postgresql" else 8
MANY = 12 if connection.vendor == "postgresql" else 6


def at_once(work: Callable[[int], Any], times: int = MANY) -> list[Any]:
    """What ``work`` gives or raises in so many threads that begin together."""
    together = threading.Barrier(times)

    def one(number: int) -> Any:
        try:
            connection.ensure_connection()
            together.wait(30)
            return work(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def kinds(results: list[Any]) -> Counter[str]:
    """How often each kind of result came."""
    return Counter(type(result).__name__ for result in results)


def proved() -> bool:
    return list(proof.problems()) == []


def test_writers_on_the_same_accounts_in_any_order_lose_nothing():
    everybody = [given.a_wallet(f"user-{n}", holding="100") for n in range(5)]

    def pay(number: int) -> JournalEntry:
        one, other = everybody[number % 5], everybody[(number * 3 + 1) % 5]
        if one == other:
            other = everybody[(number + 1) % 5]
        lines = [(one, Decimal(-1)), (other, Decimal("0.50")), (given.CASH, Decimal("0.50"))]
        lines = lines[::-1] if number % 2 else lines
        return ledger.book(kind="Adjustment", lines=lines, key=f"pay/{number}", at=given.NOON)

    assert kinds(at_once(pay, WRITERS)) == {"JournalEntry": WRITERS}
    assert given.ours("cash/EUR") == [f"{WRITERS * 0.5 - 500:.2f}"]
    assert proved()


def test_the_same_key_at_the_same_time_books_once():
    wallet = given.a_wallet()
    results = at_once(lambda _: given.top_up(wallet, "10"))
    assert len({entry.pk for entry in results}) == 1
    assert given.balance(wallet) == "10.00"
    assert proved()


def test_the_same_key_on_different_wallets_books_one_of_them():
    everybody = [given.a_wallet(f"user-{n}") for n in range(8)]

    def work(number: int) -> JournalEntry:
        return wallets.top_up(
            wallet_id=everybody[number].pk,
            amount=Decimal(10),
            source=accounts.clearing("EUR", provider=f"p{number}"),
            key="webhook",
            at=given.NOON,
        )

    results = at_once(work, 8)
    assert kinds(results) == {"JournalEntry": 1, "KeyUsed": 7}
    assert isinstance(results[-1], JournalEntry | KeyUsed)
    assert given.counted() == (1, 2)


def test_holds_at_once_never_take_more_than_there_is():
    wallet = given.a_wallet(holding="30")

    def work(number: int) -> Any:
        return given.hold(wallet, "10", session=f"session/{number}", key=f"hold/{number}")

    results = at_once(work)
    assert kinds(results) == {"JournalEntry": 3, "InsufficientFunds": MANY - 3}
    assert isinstance(results[0], JournalEntry | InsufficientFunds)
    assert given.balance(wallet) == "0.00"
    assert given.balance(wallet, AccountKind.HELD) == "30.00"
    assert proved()


def test_a_session_that_ends_in_many_places_is_charged_once():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    results = at_once(lambda _: given.settle(wallet, given.sale("10", tax="1.90")))
    assert len({result.charged.pk for result in results}) == 1
    assert given.balance(wallet) == "8.10"
    assert proved()


def test_a_charge_is_refunded_no_further_than_it_went():
    wallet = given.a_wallet(holding="20")
    charge = given.settle(wallet, given.sale("10")).charged

    def work(number: int) -> JournalEntry:
        return giving_back.refund(
            charge_id=charge.pk,
            amount=Decimal(4),
            reason="cable",
            key=f"refund/{number}",
            at=given.NOON,
        )

    assert kinds(at_once(work)) == {"JournalEntry": 2, "Conflict": MANY - 2}
    assert given.balance(wallet) == "18.00"
    assert proved()


def test_a_hold_ends_once_and_an_entry_is_reversed_once():
    wallet = given.a_wallet(holding="20")
    given.hold(wallet, "15")
    top_up = JournalEntry.objects.get(kind="TopUp")

    def work(number: int) -> Any:
        if number % 2:
            key = f"release/{number}"
            how = {"wallet_id": wallet.pk, "reference": "session/1", "key": key}
            return holds.release(at=given.NOON, **how)
        return ledger.reverse(
            entry_id=top_up.pk, key=f"reverse/{number}", reason="mistake", at=given.NOON
        )

    results = at_once(work)
    done = [result.kind for result in results if isinstance(result, JournalEntry)]
    assert done.count("Release") == 1
    assert done.count("Reversal") <= 1
    assert all(isinstance(result, JournalEntry | Conflict) for result in results)
    assert given.balance(wallet) == ("0.00" if "Reversal" in done else "20.00")
    assert proved()


def test_a_wallet_opened_in_many_places_is_one():
    ada = given.a_user()
    results = at_once(lambda _: wallets.open(customer=ada, currency="EUR", at=given.NOON))
    assert len({wallet.pk for wallet in results}) == 1
    assert Account.objects.count() == 3


def test_wallets_opened_together_in_many_places_are_one_of_each():
    people = [(given.a_user(f"user-{number}"), "EUR") for number in range(8)]

    def opened(worker: int) -> list[int]:
        mine = people[worker % 8 :] + people[: worker % 8]
        wallets_ = wallets.open_many(customers=mine, at=given.NOON, policy="Postpaid")
        return sorted(wallet.pk for wallet in wallets_)

    results = at_once(opened)
    assert len({tuple(numbers) for numbers in results}) == 1
    assert Account.objects.count() == 24


def test_a_posting_without_its_entry_does_not_survive_the_commit():
    wallet = given.a_wallet(holding="20")

    def work() -> None:
        with transaction.atomic():
            Posting.objects.create(
                entry_id=99,
                account=wallet,
                amount=Decimal(5),
                balance_after=Decimal(25),
                booked_at=given.NOON,
            )

    with pytest.raises(IntegrityError):
        work()
    assert given.balance(wallet) == "20.00"
    assert proved()


@pytest.mark.production
def test_a_posting_slipped_in_while_its_entry_is_written_is_refused():
    wallet = given.a_wallet(holding="20")
    written, slipped, committed = threading.Event(), threading.Event(), threading.Event()

    def slip(_: int) -> Any:
        with transaction.atomic():
            written.wait(30)
            Posting.objects.create(
                entry_id=77,
                account=Account.objects.get(kind=AccountKind.HELD),
                amount=Decimal(5),
                balance_after=Decimal(5),
                booked_at=given.NOON,
            )
            slipped.set()
            committed.wait(30)

    def write() -> None:
        source = Account.objects.get(kind=AccountKind.CASH)
        with transaction.atomic():
            rows = [(wallet, Decimal(-1), Decimal(19)), (source, Decimal(1), Decimal(-19))]
            for account, amount, after in rows:
                Posting.objects.create(
                    entry_id=77,
                    account=account,
                    amount=amount,
                    balance_after=after,
                    booked_at=given.NOON,
                )
            JournalEntry.objects.create(
                pk=77, kind="Adjustment", idempotency_key="77", at=given.NOON, booked_at=given.NOON
            )
            written.set()
            slipped.wait(30)
        committed.set()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(at_once, slip, 1)
        write()
        [refusal] = late.result(30)
    assert isinstance(refusal, IntegrityError)
    assert "does not sum to zero" in str(refusal)
    assert proved()
