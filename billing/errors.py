"""How billing refuses."""

from __future__ import annotations

from decimal import Decimal

from cms.shared.errors import Conflict


class InsufficientFunds(Conflict):
    """The account has less than it should give."""

    code = "insufficient_funds"

    def __init__(self, available: Decimal, currency: str) -> None:
        super().__init__(
            "Insufficient balance: %(available)s is available. Top up first.",
            fields={"amount": ["is more than the %(available)s that are available"]},
            available=f"{available:f} {currency}",
        )


class KeyUsed(Conflict):
    """An idempotency key came again with something else."""

    code = "idempotency_key_used"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another booking",
            fields={"Idempotency-Key": ["was used for another booking"]},
        )


class NotOffered(Conflict):
    """A payment provider that is not set up here."""

    code = "provider_not_offered"

    def __init__(self, name: str) -> None:
        super().__init__(
            "Payments by %(provider)s are not offered here: the operator has not set it up",
            fields={"provider": ["is not offered here"]},
            provider=repr(name[:20]),
        )


class NoIssuer(Conflict):
    """Nobody said who issues invoices."""

    code = "no_issuer"

    def __init__(self) -> None:
        super().__init__("Nobody issues invoices yet: fill in the issuer (Money > Issuer) first")


class PeriodClosed(Conflict):
    """What was to be booked has a time in a period that was closed meanwhile."""

    code = "period_closed"

    def __init__(self) -> None:
        super().__init__("The billing period was closed meanwhile: try again")


class NeedsApproval(Conflict):
    """A correction above the limit that nobody else approved: nothing is booked."""

    code = "needs_approval"

    def __init__(self, amount: Decimal, currency: str) -> None:
        super().__init__(
            "A correction of %(amount)s needs the approval of another person",
            amount=f"{amount:f} {currency}",
        )
        self.amount, self.currency = amount, currency


class OutOfDate(Conflict):
    """What was asked for is not what would be booked any more."""

    code = "correction_out_of_date"


class NotYours(Conflict):
    """Who asked for a correction decides on it, or somebody else withdraws it."""

    code = "correction_needs_another_person"
