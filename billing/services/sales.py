"""What was sold, as the ledger needs it: a net amount and the taxes on it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from billing.services import accounts
from billing.services.accounts import Ours
from cms.shared.errors import DomainError


class Tax(NamedTuple):
    """Tax of one country at one rate (percent)."""

    country: str
    rate: Decimal
    amount: Decimal


class Sale(NamedTuple):
    """Net and taxes; ``of`` names the income account, such as charging or idle."""

    net: Decimal
    taxes: tuple[Tax, ...] = ()
    of: str = "charging"

    @property
    def gross(self) -> Decimal:
        """What the customer pays."""
        return self.net + sum((tax.amount for tax in self.taxes), Decimal(0))

    def lines(self, currency: str) -> list[tuple[Ours, Decimal]]:
        """What it credits."""
        return [
            (accounts.income(currency, self.of), self.net),
            *(
                (accounts.tax(currency, country=tax.country, rate=tax.rate), tax.amount)
                for tax in self.taxes
            ),
        ]

    def asked(self) -> list[Any]:
        """By which a retry is known."""
        return [self.net, [list(tax) for tax in self.taxes], self.of]


def checked(sale: Sale) -> Sale:
    """``sale`` itself. Raises DomainError where an amount is below zero."""
    if min(sale.net, *(tax.amount for tax in sale.taxes), Decimal(0)) < 0:
        raise DomainError("A sale has no amounts below zero", fields={"net": ["is below zero"]})
    return sale
