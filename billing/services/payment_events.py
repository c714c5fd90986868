"""What providers tell us by themselves: read, found, and settled once, in any order."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from billing.models import Payment, PaymentEvent
from billing.payments import registry
from billing.payments.provider import Event, Fact
from billing.services import payment_facts, payment_refunds, payment_work


def receive(*, provider: str, body: bytes, signature: str, at: datetime) -> bool:
    """A webhook's request; whether it was about a payment of ours. It may come again, and late.

    Raises NotOffered, BadSignature. Once it returns, what it says is stored.
    """
    event = registry.provider(provider).read(body, signature, at=at)
    if event.fact is None:
        return False
    payment_id = _found(provider, event.fact)
    if payment_id is None:
        return False
    _settle(payment_id, event, event.fact, at)
    return True


@transaction.atomic(durable=True)
def _settle(payment_id: int, event: Event, fact: Fact, at: datetime) -> None:
    """Under the payment's lock: the second of two that are the same finds the first."""
    payment = payment_work.locked(payment_id)
    if PaymentEvent.objects.filter(payment=payment, event_id=event.id[:100]).exists():
        return
    if event.notice:
        payment.error = event.notice[:300]
        payment.save(update_fields=["error"])
        payment_work.note(payment, event.kind, at=at, detail=event.notice, event=event.id)
    elif fact.payment_ref:
        payment_refunds.learn(payment, fact, at=at, what=event.kind, event=event.id)
    else:
        payment_facts.learn(payment, fact, at=at, what=event.kind, event=event.id)


def _found(provider: str, fact: Fact) -> int | None:
    """The payment that ``fact`` is about: by the provider's name for it, or by ours.

    By ours, because a webhook may overtake the answer that tells us the provider's.
    """
    ref = fact.payment_ref or fact.ref
    rows = Payment.objects.filter(provider=provider).filter(_named(ref, fact))
    return rows.values_list("pk", flat=True).first() if ref else None


def _named(ref: str, fact: Fact) -> Q:
    try:
        return Q(provider_ref=ref) | Q(token=uuid.UUID(fact.token))
    except ValueError:
        return Q(provider_ref=ref)
