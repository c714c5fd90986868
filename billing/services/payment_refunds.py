"""Refunds of payments: out of the wallet first, then through the provider; back in if it fails.

So no money is promised twice: what was refunded cannot be spent meanwhile, and a wallet that has
spent it refuses.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from billing.errors import KeyUsed
from billing.models import JournalEntry, Payment, PaymentRefund, PaymentState, RefundState
from billing.payments import registry
from billing.payments.provider import (
    Fact,
    Order,
    PaymentProvider,
    Refused,
    Standing,
    Unclear,
)
from billing.services import (
    journal,
    ledger,
    payment_facts,
    payment_work,
    second_pair,
    wallets,
)
from cms.shared import money
from cms.shared.errors import Conflict, DomainError, NotFound, Text

_TOWARDS = {
    Standing.DONE: RefundState.REFUNDED,
    Standing.FAILED: RefundState.FAILED,
    Standing.CANCELLED: RefundState.FAILED,
}
_RANK = [RefundState.CREATED, RefundState.PENDING, RefundState.REFUNDED, RefundState.FAILED]


@transaction.atomic
def request(
    *,
    payment_id: int,
    amount: Decimal,
    reason: str,
    key: str,
    at: datetime,
    by_id: int | None = None,
) -> PaymentRefund:
    """Have ``amount`` of a payment given back; it leaves the wallet now. The same key: the same.

    Raises NotFound, DomainError, InsufficientFunds where the wallet has spent it, KeyUsed, and
    Conflict where nothing, or less, is left of the payment.
    """
    reason = journal.checked_reason(reason)
    if not Payment.objects.filter(pk=payment_id).exists():
        raise NotFound("There is no payment %(payment_id)s", payment_id=payment_id)
    payment = payment_work.locked(payment_id)
    fingerprint = journal.fingerprint({"refund": payment_id, "amount": amount, "why": reason})
    known = PaymentRefund.objects.filter(idempotency_key=key).first()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise KeyUsed
        return known
    _check_left(payment, journal.checked_amount(amount, payment.currency))
    refund = PaymentRefund(
        payment=payment,
        amount=amount,
        reason=reason,
        requested_by_id=by_id,
        requested_at=at,
        changed_at=at,
        next_try_at=at,
        idempotency_key=key,
        fingerprint=fingerprint,
    )
    refund.entry = _paid_out(refund, at)
    refund.save(force_insert=True)
    _note(refund, Text("Refund asked for"), at, reason)
    return refund


def driven(*, refund_id: int, at: datetime) -> PaymentRefund:
    """A refund that was asked for, once the provider was asked to make it; as it stands then."""
    drive(refund_id=refund_id, at=at)
    return PaymentRefund.objects.select_related("payment").get(pk=refund_id)


def drive_due(*, at: datetime, limit: int = 50) -> int:
    """Take every refund that is due a step further; how many.

    One whose provider cannot be asked ends the run, and the others wait a minute.
    """
    for done in range(limit):
        refund = payment_work.claimed(PaymentRefund.objects.all(), at=at)
        if refund is None:
            return done
        if not _step(refund, at=at):
            rows = PaymentRefund.objects.filter(payment__provider=refund.payment.provider)
            payment_work.wait(rows, at=at)
            return done + 1
    return limit


def drive(*, refund_id: int, at: datetime) -> None:
    """Take one refund a step further, if it is due."""
    refund = payment_work.claimed(PaymentRefund.objects.filter(pk=refund_id), at=at)
    if refund is not None:
        _step(refund, at=at)


def learn(payment: Payment, fact: Fact, *, at: datetime, what: str, event: str = "") -> None:
    """What the provider says of a refund of a locked ``payment``; also of one made over there."""
    refund = _meant(payment, fact)
    if refund is None:
        refund = _made_elsewhere(payment, fact, at)
    if refund is None:
        return
    if (fact.amount, fact.currency) != (refund.amount, payment.currency):
        refund.error = f"The provider says {fact.amount:f} {fact.currency}, which was not agreed"
        refund.save(update_fields=["error"])
    else:
        _move(refund, fact, at)
    payment_work.note(payment, what, at=at, detail=refund.error or str(refund), event=event)


def left(payment: Payment) -> Decimal:
    """What can still be given back of it."""
    standing = payment.refunds.exclude(state=RefundState.FAILED)
    given = standing.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return payment.captured - given if payment.state == PaymentState.CAPTURED else Decimal(0)


def _check_left(payment: Payment, amount: Decimal) -> None:
    if payment.state != PaymentState.CAPTURED:
        raise Conflict("%(payment)s was not paid: there is nothing to give back", payment=payment)
    rest = left(payment)
    if amount > rest:
        shown = f"{money.rounded(rest, payment.currency):f} {payment.currency}"
        raise Conflict(
            "Only %(shown)s is left of %(payment)s",
            fields={"amount": ["is more than %(shown)s"]},
            shown=shown,
            payment=payment,
        )


def _paid_out(refund: PaymentRefund, at: datetime, **more: Any) -> JournalEntry:
    payment = refund.payment
    return wallets.pay_out(
        wallet_id=payment.wallet_id,
        amount=refund.amount,
        target=payment_facts.ours(payment),
        key=f"payment-refund/{refund.token}",
        reason=refund.reason,
        at=at,
        by_id=refund.requested_by_id,
        reference=f"payment/{payment.pk}",
        **more,
    )


def _step(refund: PaymentRefund, *, at: datetime) -> bool:
    """Ask, and settle; whether the provider could be asked."""
    try:
        fact = _asked(registry.provider(refund.payment.provider), refund)
    except (Unclear, DomainError) as error:
        _put_off(refund, str(error), at)
        return False
    _settle(refund, fact, at)
    return True


def _asked(provider: PaymentProvider, refund: PaymentRefund) -> Fact:
    """What the provider answers. Whoever asks again looks first: no refund is made twice."""
    payment = refund.payment
    if refund.attempts > 1 or refund.state == RefundState.PENDING:
        known = _known(provider, refund)
        if known is not None:
            return known
    order = Order(str(refund.token), refund.amount, payment.currency, ref=payment.provider_ref)
    try:
        return provider.refund(order, key=str(refund.token))
    except Refused as refusal:
        known = _known(provider, refund)
        return known or Fact(
            "", Standing.FAILED, refund.amount, payment.currency, error=str(refusal)
        )


def _known(provider: PaymentProvider, refund: PaymentRefund) -> Fact | None:
    """This refund, if the provider has it."""
    try:
        found = provider.refunds(refund.payment.provider_ref)
    except Refused as refusal:
        raise Unclear(str(refusal)) from refusal
    return next((fact for fact in found if fact.token == str(refund.token)), None)


@transaction.atomic(durable=True)
def _settle(asked: PaymentRefund, fact: Fact, at: datetime) -> None:
    payment_work.locked(asked.payment_id)
    refund = PaymentRefund.objects.select_related("payment").get(pk=asked.pk)
    if _move(refund, fact, at):
        _note(refund, f"Refund: {fact.standing.value}", at, fact.error)
    elif refund.next_try_at is not None:
        refund.next_try_at = at + payment_work.pause(refund.attempts)
        refund.save(update_fields=["next_try_at"])


@transaction.atomic(durable=True)
def _put_off(asked: PaymentRefund, why: str, at: datetime) -> None:
    payment_work.locked(asked.payment_id)
    refund = PaymentRefund.objects.select_related("payment").get(pk=asked.pk)
    if refund.state == asked.state:
        payment_work.put_off(refund, why, at=at)
    _note(refund, f"Refund: attempt {asked.attempts} failed", at, why)


def _move(refund: PaymentRefund, fact: Fact, at: datetime) -> bool:
    """Forward only; one that failed gives its amount back to the wallet."""
    state = _TOWARDS.get(fact.standing, RefundState.PENDING)
    refund.provider_ref = fact.ref or refund.provider_ref
    forward = _RANK.index(state) > _RANK.index(RefundState(refund.state))
    if forward:
        refund.state, refund.changed_at, refund.attempts = state, at, 0
        refund.error = fact.error if state == RefundState.FAILED else ""
        pending = state == RefundState.PENDING
        refund.next_try_at = at + payment_work.pause(5) if pending else None
        if state == RefundState.FAILED:
            said = f"{refund} failed, its money is in the wallet again: {refund.error}"[:300]
            Payment.objects.filter(pk=refund.payment_id).update(error=said)
            _taken_back(refund, fact, at)
    refund.save()
    return forward


def _taken_back(refund: PaymentRefund, fact: Fact, at: datetime) -> None:
    with second_pair.has_happened():
        ledger.reverse(
            entry_id=refund.entry_id,
            key=f"payment-refund/{refund.token}/failed",
            reason=f"The refund failed: {fact.error or 'no reason given'}",
            at=at,
        )


def _meant(payment: Payment, fact: Fact) -> PaymentRefund | None:
    rows = payment.refunds.all()
    return next(
        (row for row in rows if fact.token == str(row.token) or fact.ref == row.provider_ref), None
    )


def _made_elsewhere(payment: Payment, fact: Fact, at: datetime) -> PaymentRefund | None:
    """Somebody gave it back in the provider's own pages: our books follow.

    What the wallet does not have any more is owed.
    """
    if fact.standing is Standing.FAILED or payment.state != PaymentState.CAPTURED:
        return None
    if fact.currency != payment.currency or fact.amount > left(payment):
        return None
    refund = PaymentRefund(
        payment=payment,
        amount=fact.amount,
        reason=f"Refunded at {payment.provider}, not from here",
        requested_at=at,
        changed_at=at,
        provider_ref=fact.ref,
        idempotency_key=f"{payment.provider}:{fact.ref}",
        fingerprint="",
    )
    with second_pair.has_happened():
        refund.entry = _paid_out(refund, at, beyond=True)
    refund.save(force_insert=True)
    return refund


def _note(refund: PaymentRefund, what: str, at: datetime, detail: str = "") -> None:
    payment_work.note(refund.payment, what, at=at, detail=detail)
