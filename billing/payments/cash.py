"""Cash: money that somebody of ours takes and gives by hand; settled as soon as it is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.payments.provider import BadSignature, Event, Fact, Order, Refused, Standing


class Cash:
    """Nobody has to be asked: what is recorded has happened."""

    name = "cash"
    by_hand = True

    def reserve(self, order: Order, *, key: str) -> Fact:
        """It is there."""
        return _done(order)._replace(captured=order.amount)

    def look(self, ref: str) -> Fact:
        """There is nobody to ask."""
        raise Refused("Nobody but us knows of cash")

    def capture(self, order: Order, *, key: str) -> Fact:
        """It is taken already."""
        return _done(order)._replace(captured=order.amount)

    def cancel(self, order: Order, *, key: str) -> Fact:
        """It never was."""
        return _done(order)._replace(standing=Standing.CANCELLED)

    def refund(self, order: Order, *, key: str) -> Fact:
        """Somebody gives it back."""
        return _done(order)._replace(payment_ref=order.ref)

    def refunds(self, ref: str) -> Sequence[Fact]:
        """None but ours."""
        return ()

    def read(self, body: bytes, signature: str, *, at: datetime) -> Event:
        """Cash says nothing."""
        raise BadSignature("Cash signs nothing")


def _done(order: Order) -> Fact:
    ref = f"cash-{order.token}"
    return Fact(ref, Standing.DONE, order.amount, order.currency, token=order.token)
