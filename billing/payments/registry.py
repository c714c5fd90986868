"""Which providers there are, by name, and which of them the settings let us offer."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from billing.errors import NotOffered
from billing.payments.cash import Cash
from billing.payments.provider import PaymentProvider
from billing.payments.stripe import Stripe

NAMES = ("stripe", "cash")


def provider(name: str) -> PaymentProvider:
    """The provider of this name, ready for calls. Raises NotOffered where it is not set up."""
    if name == Cash.name:
        return Cash()
    if name != Stripe.name or not settings.STRIPE_SECRET_KEY:
        raise NotOffered(name)
    return _stripe(
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_WEBHOOK_SECRET,
        settings.STRIPE_API_BASE,
        settings.STRIPE_TIMEOUT_SECONDS,
    )


@lru_cache(maxsize=8)  # its connections are kept
def _stripe(key: str, webhook_secret: str, base: str, timeout: int) -> Stripe:
    return Stripe(key, webhook_secret=webhook_secret, base=base, timeout=timeout)
