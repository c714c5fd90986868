"""Accounts: our own by what they are for, a customer's three, and how all of them are locked.

Who books locks every account it will touch at once, in the order of their numbers: two who book
the same accounts wait for each other, and never for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from billing.models import Account, AccountKind
from cms.shared import money
from cms.shared.errors import DomainError, NotFound


class Ours(NamedTuple):
    """An account of the operator, made when it is first booked on."""

    code: str
    kind: str
    currency: str
    name: str
    country: str = ""
    tax_rate: Decimal | None = None


def income(currency: str, of: str = "charging") -> Ours:
    """What we earn, net; ``of`` says with what."""
    return Ours(f"income/{of}/{currency}", AccountKind.INCOME, currency, f"Income: {of}")


def tax(currency: str, *, country: str, rate: Decimal) -> Ours:
    """Tax we collect for ``country`` at ``rate`` percent."""
    percent = f"{rate.normalize():f}"
    name = f"Tax {country} {percent} %".replace("  ", " ")
    code = f"tax/{country or '-'}/{percent}/{currency}"
    return Ours(code, AccountKind.TAX, currency, name, country, rate)


def cash(currency: str) -> Ours:
    """Money taken and given by hand or by bank."""
    return Ours(f"cash/{currency}", AccountKind.CASH, currency, "Cash")


def clearing(currency: str, *, provider: str) -> Ours:
    """Money a payment provider holds for us."""
    code = f"clearing/{provider}/{currency}"
    return Ours(code, AccountKind.CLEARING, currency, f"Clearing: {provider}")


def unassigned(currency: str) -> Ours:
    """What sessions of nobody we know cost: cards without a holder, stations open to all."""
    return Ours(f"unassigned/{currency}", AccountKind.UNASSIGNED, currency, "Charged to nobody")


def adjustment(currency: str) -> Ours:
    """The other side of what an operator corrects by hand."""
    return Ours(f"adjustment/{currency}", AccountKind.ADJUSTMENT, currency, "Adjustments")


NOTHING = Decimal(0)


def no_wallet() -> NotFound:
    """What is raised where a wallet is named that does not exist."""
    return NotFound("There is no such wallet", fields={"wallet": ["is not known here"]})


def known_currency(currency: str) -> str:
    """``currency`` itself. Raises DomainError where there is none of that name."""
    if currency not in money.DECIMALS:
        raise DomainError(
            "There is no currency %(currency)s",
            fields={"currency": ["should be an ISO 4217 code such as EUR"]},
            currency=repr(currency),
        )
    return currency


def ensure(ours: Iterable[Ours], *, at: datetime) -> None:
    """Make those of our accounts that do not exist yet.

    Call it while nothing is locked: who makes the same ones is waited for.
    """
    wanted = {one.code: one for one in ours}
    there = set(Account.objects.filter(code__in=wanted).values_list("code", flat=True))
    # In one order, so that two who make the same ones wait for each other, not both.
    missing = [
        Account(**wanted[code]._asdict(), opened_at=at) for code in sorted(wanted.keys() - there)
    ]
    if missing:
        Account.objects.bulk_create(missing, ignore_conflicts=True)


def locked(
    *, wallets: Iterable[int], accounts: Iterable[int], ours: Iterable[Ours], at: datetime
) -> list[Account]:
    """The accounts: wallets by number with their sides, others by number, and our own; locked.

    Needs a transaction, which holds them until it ends.
    """
    ours = list(ours)
    if ours:
        ensure(ours, at=at)
    wallets, codes = list(wallets), [one.code for one in ours]
    which = Q(pk__in=[*wallets, *accounts]) | Q(wallet__in=wallets) | Q(code__in=codes)
    return list(Account.objects.filter(which).order_by("pk").select_for_update(no_key=True))
