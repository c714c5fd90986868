"""How billing refuses."""

from __future__ import annotations

from decimal import Decimal

from cms.shared.errors import Conflict


class InsufficientFunds(Conflict):
    """The account has less than it should give."""

    code = "insufficient_funds"

    def __init__(self, available: Decimal, currency: str) -> None:
        super().__init__(
            f"Insufficient balance: {available:f} {currency} is available. Top up first.",
            fields={"amount": [f"is more than the {available:f} {currency} that are available"]},
        )


class KeyUsed(Conflict):
    """An idempotency key came again with something else."""

    code = "idempotency_key_used"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another booking",
            fields={"Idempotency-Key": ["was used for another booking"]},
        )
