"""Whatever customers, banks, networks and operators do: what Stripe has is what the books say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from billing.models import Account, AccountKind, Payment, PaymentState, RefundState
from billing.services import payment_facts, payment_work, payments, proof
from cms.shared.errors import DomainError
from tests.billing import given, paying
from tests.billing.given import after
from tests.fakes.stripe_server import Call, Refusal, Stripe

FAULTS = ("500", "429", "401", "drop", "drop after")
PATHS = ("payment_intents$", "capture$", "cancel$", "refunds$", "payment_intents/pi_[0-9]+$")
VERBS = (
    *("begin", "reserve", "confirm", "decline", "expire", "tell", "tell old", "drive", "drive"),
    *(
        "capture",
        "cancel",
        "refund",
        "refund there",
        "refund fails",
        "spend",
        "fault",
        "fault",
        "a day",
    ),
)
STEPS = st.tuples(st.sampled_from(VERBS), st.integers(0, 99), st.integers(1, 2500))
RANK = [*payment_facts._RANK]


class World:
    """One customer, a Stripe that fails now and then, and time that passes."""

    def __init__(self, server: Stripe) -> None:
        self.server = server
        self.ada = given.a_user()
        self.minute = 0.0
        self.words: list[tuple[str, dict[str, Any]]] = []  # all that Stripe ever had to say

    @property
    def at(self) -> datetime:
        """Now."""
        return after(self.minute)

    def do(self, verb: str, pick: int, cents: int) -> None:
        """One step, or how it was refused."""
        self.minute += 0.2
        try:
            getattr(self, verb.replace(" ", "_"))(pick, cents)
        except (DomainError, Refusal):
            return

    def begin(self, pick: int, cents: int) -> None:
        amount = str(Decimal(cents).scaleb(-2))
        paying.begun(self.ada, amount, key=f"p{self.minute}", at=self.at)

    def reserve(self, pick: int, cents: int) -> None:
        amount, key = str(Decimal(cents).scaleb(-2)), f"p{self.minute}"
        paying.begun(self.ada, amount, key=key, at=self.at, purpose="Session")

    def confirm(self, pick: int, cents: int) -> None:
        self._heard(self.server.confirm(self._intent(pick)))

    def decline(self, pick: int, cents: int) -> None:
        ref = self._intent(pick)
        if self.server.intents[ref]["status"].startswith("requires_p"):
            self._heard(self.server.decline(ref))

    def expire(self, pick: int, cents: int) -> None:
        ref = self._intent(pick)
        if self.server.intents[ref]["status"] == "requires_capture":
            self._heard(self.server.expire(ref))

    def tell(self, pick: int, cents: int) -> None:
        self._say("payment_intent.any", dict(self.server.intents[self._intent(pick)]), cents)

    def tell_old(self, pick: int, cents: int) -> None:
        if self.words:
            self._say(*self.words[pick % len(self.words)], cents)

    def drive(self, pick: int, cents: int) -> None:
        self.minute += pick / 5
        paying.drive(self.minute)

    def capture(self, pick: int, cents: int) -> None:
        with transaction.atomic():
            payment = payment_work.locked(self._payment(pick))
            if payment.state == PaymentState.AUTHORISED:
                payment.captured = min(payment.amount, Decimal(cents).scaleb(-2))
                payment_facts.wish(payment, PaymentState.CAPTURING, at=self.at, why="billed")

    def cancel(self, pick: int, cents: int) -> None:
        payments.cancel(payment_id=self._payment(pick), at=self.at)

    def refund(self, pick: int, cents: int) -> None:
        payment = Payment.objects.get(pk=self._payment(pick))
        amount = str(Decimal(cents).scaleb(-2))
        paying.refund(payment, amount, key=f"r{self.minute}", at=self.at)

    def refund_there(self, pick: int, cents: int) -> None:
        params = {"payment_intent": self._intent(pick), "amount": str(cents)}
        body = self.server.answer(Call("POST", "/v1/refunds", params, ""))[1]
        if "id" in body:
            self.words.append(("refund.created", body))

    def refund_fails(self, pick: int, cents: int) -> None:
        refs = list(self.server.refunds)
        if refs:
            failed = self.server.fail_refund(refs[pick % len(refs)])
            self.words.append(("refund.failed", failed))

    def spend(self, pick: int, cents: int) -> None:
        for wallet in Account.objects.filter(kind=AccountKind.WALLET):
            name, net = f"session/{self.minute}", Decimal(cents).scaleb(-2)
            given.settle(wallet, given.sale(str(net)), session=name, key=name)

    def fault(self, pick: int, cents: int) -> None:
        self.server.fail_next(PATHS[cents % len(PATHS)], FAULTS[pick % len(FAULTS)])

    def a_day(self, pick: int, cents: int) -> None:
        """Stripe forgets its idempotency keys."""
        self.minute += 60 * 24
        self.server.forget_keys()

    def rest(self) -> None:
        """Faults are over, a day passes, and Stripe says once more how everything stands."""
        self.server.faults.clear()
        self.server.forget_keys()
        for _ in range(6):
            self.minute += 300
            paying.drive(self.minute)
        for number, ref in enumerate(self.server.intents):
            self._say("payment_intent.any", dict(self.server.intents[ref]), -number - 1)
        for number, ref in enumerate(self.server.refunds):
            self._say("refund.updated", dict(self.server.refunds[ref]), -number - 1)

    def _heard(self, intent: dict[str, Any]) -> None:
        self.words.append(("payment_intent.any", intent))

    def _say(self, kind: str, about: dict[str, Any], number: int) -> None:
        paying.hear(kind, about, at=self.at, number=f"{number}/{self.minute}")

    def _intent(self, pick: int) -> str:
        refs = list(self.server.intents)
        if not refs:
            raise DomainError("none yet")
        return refs[pick % len(refs)]

    def _payment(self, pick: int) -> int:
        numbers = list(Payment.objects.order_by("pk").values_list("pk", flat=True))
        if not numbers:
            raise DomainError("none yet")
        return numbers[pick % len(numbers)]


@contextmanager
def taken_back() -> Iterator[None]:
    """A block that is no transaction to who looks whether there is one, and is taken back."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


def ranks() -> dict[int, int]:
    """How far each payment is."""
    rows = Payment.objects.values_list("pk", "state")
    return {pk: payment_facts._RANK[PaymentState(state)] for pk, state in rows}


@pytest.mark.django_db
@settings(max_examples=25)
@for_all(steps=st.lists(STEPS, min_size=5, max_size=30))
def test_what_stripe_has_is_what_the_books_say(steps):
    with paying.a_stripe() as server, taken_back():
        world = World(server)
        for step in steps:
            before = ranks()
            world.do(*step)
            now = ranks()
            assert all(now[pk] >= rank for pk, rank in before.items()), step
        world.rest()
        booked = Account.objects.filter(kind=AccountKind.CLEARING).values_list("balance", flat=True)
        assert -sum(booked, Decimal(0)) == Decimal(server.taken()).scaleb(-2), describe()
        assert not Payment.objects.filter(next_try_at__lt=world.at).exists(), describe()
        assert list(proof.problems()) == []
        limited = Account.objects.filter(kind=AccountKind.WALLET)
        assert all(row.balance >= (row.floor or 0) for row in limited)


def describe() -> list[Any]:
    """What there is, for a failure that tells."""
    refunds = [
        (row.payment_id, RefundState(row.state).value, row.amount, row.error)
        for payment in Payment.objects.all()
        for row in payment.refunds.all()
    ]
    rows = Payment.objects.values_list("pk", "state", "amount", "captured", "error", "next_try_at")
    return [*rows, *refunds]
