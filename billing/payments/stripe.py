"""Stripe, by its official SDK: PaymentIntents, captured by hand where a session is paid."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import stripe
from stripe import StripeClient

from billing.payments.provider import (
    BadSignature,
    Event,
    Fact,
    Order,
    Refused,
    Standing,
    Unclear,
)
from cms.shared import money

logger = logging.getLogger(__name__)
# Amounts travel in minor units, and for these in others than ISO 4217 says:
# https://docs.stripe.com/currencies#special-cases
_DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}
_TOLERANCE_S = 300  # how old or how early a signed word may be
_STANDINGS = {
    "requires_capture": Standing.AUTHORISED,
    "succeeded": Standing.DONE,
    "canceled": Standing.CANCELLED,
}
_REFUNDS = {
    "succeeded": Standing.DONE,
    "failed": Standing.FAILED,
    "canceled": Standing.FAILED,
}
_REFUSALS = (stripe.CardError, stripe.InvalidRequestError)


class Stripe:
    """One account at Stripe."""

    name = "stripe"
    by_hand = False

    def __init__(self, key: str, *, webhook_secret: str, base: str, timeout: int) -> None:
        # Nothing is tried again in here: our rows know what was tried, and when to try again.
        self._client = StripeClient(
            key,
            base_addresses={"api": base},
            http_client=stripe.RequestsClient(timeout=(min(timeout, 5), timeout)),
            max_network_retries=0,
        )
        self._webhook_secret = webhook_secret

    def reserve(self, order: Order, *, key: str) -> Fact:
        """A PaymentIntent; the customer's app confirms it with its client secret."""
        params: Any = {
            "amount": units(order.amount, order.currency),
            "currency": order.currency.lower(),
            "capture_method": "manual" if order.manual else "automatic",
            "automatic_payment_methods": {"enabled": True},
            "metadata": {"voltdesk": order.token},
            "description": order.description,
        }
        with _understood():
            return _payment(self._client.v1.payment_intents.create(params, _once(key)).to_dict())

    def look(self, ref: str) -> Fact:
        """The PaymentIntent as it is."""
        with _understood():
            return _payment(self._client.v1.payment_intents.retrieve(ref).to_dict())

    def capture(self, order: Order, *, key: str) -> Fact:
        """Take a part of it; Stripe lets go of the rest."""
        params: Any = {"amount_to_capture": units(order.amount, order.currency)}
        capture = self._client.v1.payment_intents.capture
        with _understood():
            return _payment(capture(order.ref, params, _once(key)).to_dict())

    def cancel(self, order: Order, *, key: str) -> Fact:
        """Cancel the PaymentIntent."""
        cancel = self._client.v1.payment_intents.cancel
        with _understood():
            return _payment(cancel(order.ref, {}, _once(key)).to_dict())

    def refund(self, order: Order, *, key: str) -> Fact:
        """A Refund of the PaymentIntent."""
        params: Any = {
            "payment_intent": order.ref,
            "amount": units(order.amount, order.currency),
            "metadata": {"voltdesk": order.token},
        }
        with _understood():
            return _refund(self._client.v1.refunds.create(params, _once(key)).to_dict())

    def refunds(self, ref: str) -> Sequence[Fact]:
        """The newest hundred: more of one payment is nobody's doing."""
        params: Any = {"payment_intent": ref, "limit": 100}
        with _understood():
            return [_refund(row.to_dict()) for row in self._client.v1.refunds.list(params).data]

    def read(self, body: bytes, signature: str, *, at: datetime) -> Event:
        """A webhook's word. Raises BadSignature."""
        try:
            # How old it may be is ours to say, by the time the caller has.
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret, None)
            said_at = dict(part.split("=", 1) for part in signature.split(","))["t"]
            found = json.loads(body)
        except (stripe.SignatureVerificationError, ValueError, KeyError) as error:
            raise BadSignature("The signature is not one of Stripe's") from error
        if abs(at.timestamp() - int(said_at)) > _TOLERANCE_S:
            raise BadSignature("This was signed too long ago")
        return _event(found)


def units(amount: Decimal, currency: str) -> int:
    """``amount`` as Stripe writes it. Raises Refused where it cannot be written."""
    scaled = amount.scaleb(_decimals(currency))
    if scaled != scaled.to_integral_value():
        raise Refused(f"Stripe cannot take {amount.normalize():f} {currency}")
    return int(scaled)


def _amount(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-_decimals(currency))


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, money.decimals(currency))


def _once(key: str) -> Any:
    return {"idempotency_key": key}


@contextmanager
def _understood() -> Iterator[None]:
    """Errors of the SDK in our words: only a clear no is one; 401 and 429 may pass."""
    try:
        yield
    except _REFUSALS as error:
        raise Refused(_said(error)) from error
    except stripe.StripeError as error:
        raise Unclear(_said(error)) from error


def _said(error: stripe.StripeError) -> str:
    """What it says, on one line; Stripe itself masks keys in its messages."""
    text = " ".join((error.user_message or str(error)).split())
    return f"{error.code}: {text}"[:300] if error.code else text[:300]


def _payment(found: Mapping[str, Any]) -> Fact:
    currency = found["currency"].upper()
    standing = _STANDINGS.get(found["status"], Standing.PENDING)
    problem = (standing is not Standing.DONE and found.get("last_payment_error")) or {}
    return Fact(
        ref=found["id"],
        standing=standing,
        amount=_amount(found["amount"], currency),
        currency=currency,
        captured=_amount(found.get("amount_received") or 0, currency),
        token=(found.get("metadata") or {}).get("voltdesk", ""),
        error=(problem.get("message") or "")[:300],
        client_secret=found.get("client_secret") or "",
    )


def _refund(found: Mapping[str, Any]) -> Fact:
    currency = found["currency"].upper()
    return Fact(
        ref=found["id"],
        standing=_REFUNDS.get(found.get("status") or "", Standing.PENDING),
        amount=_amount(found["amount"], currency),
        currency=currency,
        token=(found.get("metadata") or {}).get("voltdesk", ""),
        error=found.get("failure_reason") or "",
        payment_ref=found.get("payment_intent") or "",
    )


def _dispute(found: Mapping[str, Any]) -> Fact:
    currency = found["currency"].upper()
    return Fact(
        ref=found["id"],
        standing=Standing.PENDING,
        amount=_amount(found["amount"], currency),
        currency=currency,
        payment_ref=found.get("payment_intent") or "",
    )


# By what the event is about; anything else is acknowledged and left alone.
_READERS: dict[str, Callable[[Mapping[str, Any]], Fact]] = {
    "payment_intent": _payment,
    "refund": _refund,
    "dispute": _dispute,
}


def _event(found: Mapping[str, Any]) -> Event:
    """An event of an account's. Raises BadSignature where it is none, signed or not."""
    try:
        about, event = found["data"]["object"], Event(found["id"], found["type"])
        reader = _READERS.get(about.get("object"))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadSignature("This is no event of Stripe's") from error
    if reader is None or str(about.get("currency")).upper() not in money.DECIMALS:
        return event
    if reader is _dispute:
        notice = f"The customer disputes it ({about.get('status')}): see {about['id']} at Stripe"
        return event._replace(fact=_dispute(about), notice=notice)
    return event._replace(fact=reader(about))
