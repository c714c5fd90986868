"""Driving payments forward: one step is claimed, the provider asked, its answer settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import Payment, PaymentState
from billing.payments import registry
from billing.payments.provider import (
    Fact,
    Order,
    PaymentProvider,
    ProviderError,
    Refused,
    Standing,
    Unclear,
)
from billing.services import payment_facts, payment_work, payments
from cms.shared.errors import Conflict, DomainError, Text

_OPEN = (Standing.PENDING, Standing.AUTHORISED)


def drive_due(*, at: datetime, limit: int = 50) -> int:
    """Take every payment that is due one step further; how many.

    One whose provider cannot be asked ends the run: the others would wait for it in vain, and wait
    a minute.
    """
    for done in range(limit):
        payment = payment_work.claimed(Payment.objects.all(), at=at)
        if payment is None:
            return done
        if _step(payment, at=at) is None:
            payment_work.wait(Payment.objects.filter(provider=payment.provider), at=at)
            return done + 1
    return limit


def drive(*, payment_id: int, at: datetime) -> Fact | None:
    """Take one payment a step further, if it is due. What the provider says, if it says something.

    Its customer needs the client secret of that.
    """
    payment = payment_work.claimed(Payment.objects.filter(pk=payment_id), at=at)
    return _step(payment, at=at) if payment else None


def order(*, at: datetime, **wish: Any) -> tuple[Payment, str]:
    """Begin a payment (``payments.begin``) and take its first step: as it is, and its secret.

    The secret is empty where there is nothing to complete, or the provider has not answered yet.
    """
    payment = payments.begin(at=at, **wish)
    fact = begun(payment, at=at)
    return Payment.objects.get(pk=payment.pk), fact.client_secret if fact else ""


def begun(payment: Payment, *, at: datetime) -> Fact | None:
    """The first step of a payment that was just made, or of a repeated wish for it.

    A payment that waits for its customer is looked at again: so its secret is never stored.
    """
    if payment.state == PaymentState.PENDING:
        try:
            return registry.provider(payment.provider).look(payment.provider_ref)
        except (ProviderError, DomainError):
            return None
    if payment.state != PaymentState.CREATED:
        return None
    if payment.requested_at == at:  # made in this very request, which has claimed it
        return _step(payment, at=at)
    return drive(payment_id=payment.pk, at=at)


@transaction.atomic
def try_again(*, payment_id: int, at: datetime, by: str = "") -> Payment:
    """Have a payment that waits for its next attempt, and its refunds, tried at the next run.

    Raises Conflict where nothing waits.
    """
    payment = payment_work.locked(payment_id)
    refunds = payment.refunds.select_for_update().filter(next_try_at__isnull=False)
    waiting = [row for row in (payment, *refunds) if row.next_try_at is not None]
    if not waiting:
        raise Conflict("Nothing waits to be tried again")
    for row in waiting:
        payment_work.again_now(row, at=at)
    payment_work.note(payment, Text("Tried again by hand"), at=at, detail=by)
    return payment


def _step(payment: Payment, *, at: datetime) -> Fact | None:
    """Ask, and settle; None where nobody knows what came of it."""
    try:
        fact = _asked(registry.provider(payment.provider), payment)
    except (Unclear, DomainError) as error:
        _put_off(payment, str(error), at)
        return None
    _settle(payment, fact, at)
    return fact


def _asked(provider: PaymentProvider, payment: Payment) -> Fact:
    """What the provider answers. Who was refused looks what is: it may be done, or over."""
    state = PaymentState(payment.state)
    try:
        return _ASK[state](provider, payment)
    except Refused as refusal:
        if state == PaymentState.CREATED:
            return _failed(payment, str(refusal))
        known = _look(provider, payment)
        if state in (PaymentState.CAPTURING, PaymentState.CANCELLING) and known.standing in _OPEN:
            raise Unclear(str(refusal)) from refusal
        return known


def _look(provider: PaymentProvider, payment: Payment) -> Fact:
    try:
        return provider.look(payment.provider_ref)
    except Refused as refusal:
        raise Unclear(str(refusal)) from refusal


def _reserve(provider: PaymentProvider, payment: Payment) -> Fact:
    return provider.reserve(_order(payment), key=f"{payment.token}/create")


def _capture(provider: PaymentProvider, payment: Payment) -> Fact:
    """Look first where somebody may have asked before: the answer may have been lost."""
    if payment.attempts > 1:
        known = _look(provider, payment)
        if known.standing not in _OPEN:
            return known
    order = _order(payment)._replace(amount=payment.captured)
    return provider.capture(order, key=f"{payment.token}/capture")


def _cancel(provider: PaymentProvider, payment: Payment) -> Fact:
    return provider.cancel(_order(payment), key=f"{payment.token}/cancel")


_ASK: dict[PaymentState, Callable[[PaymentProvider, Payment], Fact]] = {
    PaymentState.CREATED: _reserve,
    PaymentState.PENDING: _look,
    PaymentState.AUTHORISED: _look,
    PaymentState.CAPTURING: _capture,
    PaymentState.CANCELLING: _cancel,
}


def _order(payment: Payment) -> Order:
    return Order(
        token=str(payment.token),
        amount=payment.amount,
        currency=payment.currency,
        ref=payment.provider_ref,
        manual=payment.purpose == "Session",
        description=f"{payment.get_purpose_display()} #{payment.pk}",
    )


def _failed(payment: Payment, why: str) -> Fact:
    order = _order(payment)
    return Fact(order.ref, Standing.FAILED, order.amount, order.currency, error=why)


@transaction.atomic(durable=True)
def _settle(asked: Payment, fact: Fact, at: datetime) -> None:
    """Write the answer down; a webhook may have been faster."""
    payment = payment_work.locked(asked.pk)
    forward = payment_facts.learn(payment, fact, at=at, what=_said(fact))
    if not forward and payment.state == asked.state and payment.next_try_at is not None:
        reserved = payment.state == PaymentState.AUTHORISED
        pause = payment_work.pause(payment.attempts)
        payment.next_try_at = at + (payment_facts.RESERVED_LOOK if reserved else pause)
        payment.save(update_fields=["next_try_at"])


@transaction.atomic(durable=True)
def _put_off(asked: Payment, why: str, at: datetime) -> None:
    payment = payment_work.locked(asked.pk)
    if payment.state == asked.state:
        payment_work.put_off(payment, why, at=at)
    payment_work.note(payment, f"Attempt {asked.attempts} failed", at=at, detail=why)


def _said(fact: Fact) -> str:
    return f"The provider answered: {fact.standing.value}"
