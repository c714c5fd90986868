"""Payments from many sides at once, and by processes that die: booked once, nothing lost."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
import stripe
from django.db import connection

from billing.errors import InsufficientFunds
from billing.models import JournalEntry, Payment, PaymentRefund, PaymentState
from billing.services import (
    payment_facts,
    payment_refunds,
    payment_steps,
    payments,
    proof,
)
from cms.shared.errors import Conflict
from tests.billing import given, paying
from tests.billing.given import NOON, after
from tests.billing.paying import begun, drive, hear, now, paid, refund
from tests.billing.test_at_once import at_once, kinds

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20 if connection.vendor == "postgresql" else 6


class Died(BaseException):
    """The process is gone."""


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def ada(db):
    return given.a_user()


def right() -> bool:
    return list(proof.problems()) == []


def dies(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    """The process ends where it would write down what the provider answered."""

    def end(*args: Any, **kwargs: Any) -> None:
        raise Died

    monkeypatch.setattr(where, name, end)


def reserved_for_capture(server: Any, ada: Any) -> Payment:
    """What is to be captured: 12 of 20."""
    payment = paying.reserved(server, ada)
    payment.captured = Decimal(12)
    payment_facts.wish(payment, PaymentState.CAPTURING, at=NOON, why="test")
    return payment


def test_the_same_webhook_many_times_at_once_books_once(server, ada):
    payment = begun(ada)
    intent = server.confirm("pi_0001")
    results = at_once(lambda _: hear("payment_intent.succeeded", intent), MANY)
    assert results == [True] * MANY
    assert given.balance(payment.wallet) == "20.00"
    assert payment.events.filter(what="payment_intent.succeeded").count() == 1
    assert JournalEntry.objects.count() == 1
    assert right()


def test_different_words_of_the_same_at_once_book_once(server, ada):
    payment = begun(ada)
    intent = server.confirm("pi_0001")
    stale = {**intent, "status": "processing", "amount_received": 0}

    def say(number: int) -> bool:
        about = stale if number % 3 == 0 else intent
        return hear("payment_intent.updated", about, number=str(number))

    assert kinds(at_once(say, MANY)) == {"bool": MANY}
    assert given.balance(payment.wallet) == "20.00"
    assert right()


def test_a_capture_that_the_task_and_the_webhook_hear_of_at_once_is_booked_once(server, ada):
    payment = reserved_for_capture(server, ada)

    def work(number: int) -> None:
        if number % 2:
            payment_steps.drive_due(at=NOON)
        while server.intents["pi_0001"]["status"] != "succeeded":
            time.sleep(0.005)
        hear("payment_intent.succeeded", dict(server.intents["pi_0001"]))

    assert kinds(at_once(work, MANY)) == {"NoneType": MANY}
    assert (now(payment).state, now(payment).captured) == ("Captured", Decimal(12))
    assert len(server.made("capture$")) == 1
    assert given.balance(payment.wallet) == "12.00"
    assert server.taken() == 1200
    assert right()


def test_the_same_wish_at_once_is_one_payment(server, ada):
    results = at_once(lambda _: begun(ada, key="k"))
    assert len({payment.pk for payment in results}) == 1
    assert len(server.intents) == 1


def test_the_same_refund_at_once_goes_back_once(server, ada):
    payment = paid(server, ada)
    results = at_once(lambda _: refund(payment, "5"))
    assert len({made.pk for made in results}) == 1
    drive(10)
    assert len(server.refunds) == 1
    assert given.balance(payment.wallet) == "15.00"
    assert right()


def test_refunds_at_once_never_give_back_more_than_was_paid(server, ada):
    payment = paid(server, ada)
    given.top_up(payment.wallet, "100")
    results = at_once(lambda number: refund(payment, "6", key=f"r{number}"))
    assert kinds(results)["PaymentRefund"] == 3
    assert all(isinstance(result, Conflict | PaymentRefund) for result in results)
    assert server.taken() == 200
    assert given.balance(payment.wallet) == "102.00"
    assert right()


def test_refunds_and_spending_at_once_never_take_a_wallet_below_its_limit(server, ada):
    payment = paid(server, ada)

    def work(number: int) -> Any:
        if number % 2:
            return refund(payment, "6", key=f"r{number}")
        return given.hold(payment.wallet, "6", session=f"session/{number}", key=f"h{number}")

    results = at_once(work)
    done = kinds(results)
    assert done["PaymentRefund"] + done["JournalEntry"] == 3
    assert all(
        isinstance(result, InsufficientFunds | Conflict | PaymentRefund | JournalEntry)
        for result in results
    )
    assert given.balance(payment.wallet) == "2.00"
    assert server.taken() == 2000 - 600 * done["PaymentRefund"]
    assert right()


def test_cancelling_and_paying_at_once_end_in_one_of_them(server, ada):
    payment = begun(ada)

    def work(number: int) -> Any:
        if number == 0:
            return hear("payment_intent.succeeded", server.confirm("pi_0001"))
        payments.cancel(payment_id=payment.pk, at=NOON)
        return payment_steps.drive_due(at=NOON)

    at_once(work, 4)
    drive(10)
    paid_up = server.intents["pi_0001"]["status"] == "succeeded"
    assert now(payment).state == ("Captured" if paid_up else "Cancelled")
    assert given.balance(payment.wallet) == ("20.00" if paid_up else "0.00")
    assert right()


def test_who_dies_after_a_capture_leaves_it_to_the_next_who_charges_nothing_twice(
    server, ada, monkeypatch
):
    payment = reserved_for_capture(server, ada)
    with monkeypatch.context() as patch:
        dies(patch, payment_steps, "_settle")
        with pytest.raises(Died):
            payment_steps.drive_due(at=NOON)
    assert (now(payment).state, server.taken()) == ("Capturing", 1200)
    assert not JournalEntry.objects.exists()
    assert payment_steps.drive_due(at=after(0.5)) == 0  # the lease of the dead
    drive(5)
    assert (now(payment).state, now(payment).captured) == ("Captured", Decimal(12))
    assert len(server.made("capture$")) == 1
    assert (server.taken(), given.balance(payment.wallet)) == (1200, "12.00")
    assert right()


def test_who_dies_while_it_begins_leaves_one_intent(server, ada, monkeypatch):
    with monkeypatch.context() as patch:
        dies(patch, payment_steps, "_settle")
        with pytest.raises(Died):
            begun(ada)
    drive(5)
    assert Payment.objects.get().state == "Pending"
    assert len(server.intents) == 1


def test_who_dies_after_a_refund_leaves_it_to_the_next_who_gives_nothing_twice(
    server, ada, monkeypatch
):
    payment = paid(server, ada)
    with monkeypatch.context() as patch:
        dies(patch, payment_refunds, "_settle")
        with pytest.raises(Died):
            refund(payment, "5")
    assert server.taken() == 1500
    drive(5)
    assert payment.refunds.get().state == "Refunded"
    assert len(server.made("refunds$")) == 1
    assert given.balance(payment.wallet) == "15.00"
    assert right()


@pytest.mark.parametrize("fault", ["drop", "drop after", "500", "429"])
@pytest.mark.parametrize("path", ["capture$", "refunds$"])
def test_whatever_happens_to_the_first_call_its_money_moves_once(server, ada, fault, path):
    server.fail_next(path, fault)
    if path == "capture$":
        payment = reserved_for_capture(server, ada)
        drive(0)
    else:
        payment = paid(server, ada)
        refund(payment, "8")
    if fault == "drop after":  # a look shows that it was done, the key would not any more
        server.forget_keys()
    for minute in (1, 5, 30, 90):
        drive(minute)
    if fault == "500":  # Stripe says the same to the same key for a day, then forgets it
        assert server.taken() == (0 if path == "capture$" else 2000)
        server.forget_keys()
        drive(60 * 30)
    assert (server.taken(), given.balance(payment.wallet)) == (1200, "12.00")
    assert now(payment).state == "Captured"
    assert right()


def test_no_call_is_made_within_a_transaction(server, ada, monkeypatch):
    inside: list[bool] = []
    request = stripe.RequestsClient.request

    def seen(*args: Any, **kwargs: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return request(*args, **kwargs)

    monkeypatch.setattr(stripe.RequestsClient, "request", seen)
    payment = begun(ada)
    server.confirm("pi_0001")
    drive(2)
    refund(now(payment), "1")
    assert inside == [False, False, False]
