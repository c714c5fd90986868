"""What every payment provider can do, and the words it answers in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, Protocol

from cms.shared.errors import DomainError


class Standing(Enum):
    """How something stands at the provider."""

    PENDING = "pending"  # waits for the customer, or for a bank
    AUTHORISED = "authorised"
    DONE = "done"  # captured, or refunded
    CANCELLED = "cancelled"
    FAILED = "failed"


class Order(NamedTuple):
    """What is to be taken, or given back: ``token`` is our name for it, ``ref`` the provider's."""

    token: str
    amount: Decimal
    currency: str
    ref: str = ""
    manual: bool = False  # only reserved, until somebody says how much of it is taken
    description: str = ""


class Fact(NamedTuple):
    """What the provider says of a payment, or of a refund (then ``payment_ref`` is set)."""

    ref: str
    standing: Standing
    amount: Decimal
    currency: str
    captured: Decimal = Decimal(0)
    token: str = ""
    error: str = ""
    payment_ref: str = ""
    client_secret: str = ""  # with which the customer's app completes it; never stored


class Event(NamedTuple):
    """A word of the provider's, whose signature is right. No fact: nothing we have a use for."""

    id: str
    kind: str
    fact: Fact | None = None
    notice: str = ""  # for people: something only they can deal with


class ProviderError(Exception):
    """Something about a call to a provider; the text is for operators and holds no secret."""


class Refused(ProviderError):
    """The provider said no: it was not done, and will not be by asking again."""


class Unclear(ProviderError):
    """Nobody knows whether it was done: a time-out, an error over there, a key that is wrong."""


class BadSignature(DomainError):
    """A word that the provider has not signed, or long ago."""

    code = "bad_signature"


class PaymentProvider(Protocol):
    """Who takes money for us. Calls may take seconds: never make one inside a transaction.

    ``key`` makes a call safe to repeat. Calls raise Refused or Unclear.
    """

    name: str
    by_hand: bool  # people handle the money; customers cannot choose it

    def reserve(self, order: Order, *, key: str) -> Fact:
        """Begin a payment; its customer completes it with the client secret."""

    def look(self, ref: str) -> Fact:
        """How a payment stands now."""

    def capture(self, order: Order, *, key: str) -> Fact:
        """Take ``order.amount`` of what is reserved; the rest is let go."""

    def cancel(self, order: Order, *, key: str) -> Fact:
        """Let go of a payment that nothing was taken of."""

    def refund(self, order: Order, *, key: str) -> Fact:
        """Give ``order.amount`` of the payment ``order.ref`` back."""

    def refunds(self, ref: str) -> Sequence[Fact]:
        """All refunds of a payment."""

    def read(self, body: bytes, signature: str, *, at: datetime) -> Event:
        """What the provider says in a request of its own. Raises BadSignature."""
