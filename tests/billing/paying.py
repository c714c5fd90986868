"""What is given in the tests of payments: a Stripe over HTTP, its webhooks, customers who pay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import stripe
from django.test import override_settings

from billing.models import Payment
from billing.services import payment_events, payment_refunds, payment_steps, payments
from cms.accounts.models import User
from tests.billing.given import NOON, after
from tests.fakes import stripe_server
from tests.fakes.stripe_server import Stripe

SECRET = "whsec_for_the_tests"


@contextmanager
def a_stripe() -> Iterator[Stripe]:
    """A Stripe that payments by card go to."""
    with stripe_server.serving() as (server, address):
        there = {"STRIPE_SECRET_KEY": "sk_test_key", "STRIPE_WEBHOOK_SECRET": SECRET}
        with override_settings(**there, STRIPE_API_BASE=address, STRIPE_TIMEOUT_SECONDS=5):
            yield server


def begun(
    user: User, amount: str = "20", *, key: str = "p1", at: datetime = NOON, **more: Any
) -> Payment:
    """A payment whose provider was told of it."""
    wanted = {"provider": "stripe", "currency": "EUR", **more}
    payment = payments.begin(customer=user, amount=Decimal(amount), key=key, at=at, **wanted)
    payment_steps.begun(payment, at=at)
    return now(payment)


def reserved(server: Stripe, user: User, amount: str = "20", **more: Any) -> Payment:
    """A payment for a session, that its customer has completed."""
    payment = begun(user, amount, purpose="Session", **more)
    intent = server.confirm(payment.provider_ref)
    hear("payment_intent.amount_capturable_updated", intent)
    return now(payment)


def paid(server: Stripe, user: User, amount: str = "20", **more: Any) -> Payment:
    """A top-up that is paid."""
    payment = begun(user, amount, **more)
    hear("payment_intent.succeeded", server.confirm(payment.provider_ref))
    return now(payment)


def word(kind: str, about: Any, *, number: str = "") -> bytes:
    """An event as Stripe writes it."""
    name = f"evt_{number or kind}_{about['id']}"
    event = {"id": name, "object": "event", "type": kind, "data": {"object": about}}
    return json.dumps(event).encode()


def signature(body: bytes, *, at: datetime = NOON, secret: str = SECRET) -> str:
    """Stripe's signature of a body."""
    said_at = int(at.timestamp())
    signed = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, said_at)
    return str(signed)


def hear(kind: str, about: Any, *, at: datetime = NOON, number: str = "") -> bool:
    """Stripe tells us something."""
    body = word(kind, about, number=number)
    return payment_events.receive(
        provider="stripe", body=body, signature=signature(body, at=at), at=at
    )


def refund(payment: Payment, amount: str, *, key: str = "r1", at: datetime = NOON) -> Any:
    """A part goes back, and the provider is asked at once."""
    made = payment_refunds.request(
        payment_id=payment.pk, amount=Decimal(amount), reason="cable", key=key, at=at
    )
    payment_refunds.drive(refund_id=made.pk, at=at)
    made.refresh_from_db()
    return made


def drive(minute: float) -> None:
    """What the periodic tasks do so many minutes after noon."""
    payments.decide(at=after(minute))
    payment_steps.drive_due(at=after(minute))
    payment_refunds.drive_due(at=after(minute))


def now(payment: Payment) -> Payment:
    """As it is stored now."""
    return Payment.objects.get(pk=payment.pk)


def history(payment: Payment) -> list[str]:
    """What happened to it, in order."""
    return list(payment.events.order_by("pk").values_list("what", flat=True))
