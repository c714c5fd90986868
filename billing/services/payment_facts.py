"""What a provider says of a payment, held against what the row knows: forward, never back.

Answers, webhooks and looks all end here, in any order and as often as they like. Money that came
is booked in the very transaction that says so, once, whatever was thought of the payment before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from billing.models import Payment, PaymentPurpose, PaymentState
from billing.payments.provider import Fact, Standing
from billing.services import accounts, payment_work, wallets
from billing.services.accounts import Ours
from cms.shared.errors import Text

_TOWARDS = {
    Standing.PENDING: PaymentState.PENDING,
    Standing.AUTHORISED: PaymentState.AUTHORISED,
    Standing.DONE: PaymentState.CAPTURED,
    Standing.CANCELLED: PaymentState.CANCELLED,
    Standing.FAILED: PaymentState.FAILED,
}
_RANK = {
    PaymentState.CREATED: 0,
    PaymentState.PENDING: 1,
    PaymentState.AUTHORISED: 2,
    PaymentState.CAPTURING: 3,
    PaymentState.CANCELLING: 3,
    PaymentState.CANCELLED: 4,
    PaymentState.FAILED: 4,
    PaymentState.CAPTURED: 5,
}
RESERVED_LOOK = timedelta(hours=1)  # banks let go of it after days
OVER = (PaymentState.CANCELLED, PaymentState.FAILED, PaymentState.CAPTURED)


def learn(payment: Payment, fact: Fact, *, at: datetime, what: str, event: str = "") -> bool:
    """Move a locked ``payment`` to where the provider says it is; whether that was forward.

    What contradicts the row (another amount, currency or name) changes nothing but its error text.
    """
    problem = _contradiction(payment, fact)
    state = _TOWARDS[fact.standing]
    forward = not problem and _RANK[state] > _RANK[PaymentState(payment.state)]
    if problem:
        payment.error = problem
    else:
        payment.provider_ref = fact.ref
    if forward:
        _move(payment, state, fact, at)
    payment.save()
    if forward or problem or event:
        payment_work.note(payment, what, at=at, detail=problem or fact.error, event=event)
    return forward


def wish(payment: Payment, state: PaymentState, *, at: datetime, why: str) -> None:
    """Have a locked ``payment`` captured or cancelled by the provider; who drives it does so."""
    payment.state, payment.changed_at = state, at
    payment.next_try_at, payment.attempts, payment.error = at, 0, ""
    payment.save()
    payment_work.note(payment, why, at=at)


def give_up(payment: Payment, *, at: datetime) -> None:
    """The provider never answered, so nobody has the secret to pay with: a locked payment fails."""
    payment.state, payment.changed_at, payment.next_try_at = PaymentState.FAILED, at, None
    payment.error = f"The provider never answered. {payment.error}"[:300]
    payment.save()
    payment_work.note(payment, Text("Given up"), at=at)


def ours(payment: Payment) -> Ours:
    """Our account that has the money of ``payment``: cash, or what its provider holds for us."""
    if payment.provider == "cash":
        return accounts.cash(payment.currency)
    return accounts.clearing(payment.currency, provider=payment.provider)


def _contradiction(payment: Payment, fact: Fact) -> str:
    """Why ``fact`` cannot be about ``payment``; empty where it can."""
    if payment.provider_ref and payment.provider_ref != fact.ref:
        return f"The provider has another one of this name: {fact.ref}"
    if (fact.amount, fact.currency) != (payment.amount, payment.currency):
        return f"The provider says {fact.amount:f} {fact.currency}, which was not agreed"
    if fact.standing is Standing.DONE and not 0 < fact.captured <= payment.amount:
        return f"The provider took {fact.captured:f} {fact.currency}, which was not agreed"
    return ""


def _move(payment: Payment, state: PaymentState, fact: Fact, at: datetime) -> None:
    payment.error = fact.error if state == PaymentState.FAILED else _lost(payment, state)
    payment.state, payment.changed_at = state, at
    payment.attempts, payment.next_try_at = 0, None if state in OVER else at + _look_after(state)
    if state == PaymentState.CAPTURED:
        _book(payment, fact, at)
    elif state in OVER:
        payment.captured = accounts.NOTHING
    elif state == PaymentState.AUTHORISED:
        payment.expires_at = _expiry(payment, at)


def _lost(payment: Payment, state: PaymentState) -> str:
    """What somebody should know of a payment that was cancelled, but not by us."""
    if state != PaymentState.CANCELLED or payment.state == PaymentState.CANCELLING:
        return ""
    return "The provider let go of it by itself" if payment.session_id else ""


def _look_after(state: PaymentState) -> timedelta:
    """When to ask how it stands, if nobody says so: a webhook may be lost."""
    return RESERVED_LOOK if state == PaymentState.AUTHORISED else timedelta(minutes=1)


def _expiry(payment: Payment, at: datetime) -> datetime | None:
    """Until when a session has to begin, where what was reserved has none yet."""
    if payment.session_id or payment.purpose == PaymentPurpose.TOP_UP:
        return None
    return at + timedelta(minutes=settings.PAYMENT_EXPIRY_MINUTES)


def _book(payment: Payment, fact: Fact, at: datetime) -> None:
    payment.captured = fact.captured
    payment.entry = wallets.top_up(
        wallet_id=payment.wallet_id,
        amount=fact.captured,
        source=ours(payment),
        key=f"payment/{payment.pk}",
        at=at,
        by_id=payment.requested_by_id,
        reference=payment.reference or f"payment/{payment.pk}",
        description=f"{payment}, {payment.provider}",
    )
