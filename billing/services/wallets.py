"""Wallets: opened, topped up, paid out, their terms.

Sessions are held and settled in ``holds``, what is given back stands in ``giving_back``. A wallet
never falls below its floor: what a session costs beyond it is owed, and taken from the next money
that comes in.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.errors import InsufficientFunds
from billing.models import Account, AccountKind, Company, EntryKind, JournalEntry, Policy
from billing.models.ledger import CUSTOMERS
from billing.services import accounts, journal, owing
from billing.services.accounts import Ours
from billing.services.journal import Journal
from cms.shared import money
from cms.shared.errors import DomainError

_NAMES = {AccountKind.WALLET: "Wallet", AccountKind.HELD: "Held", AccountKind.OWED: "Owed"}


@transaction.atomic
def open(
    *,
    customer: Any,
    currency: str,
    at: datetime,
    policy: str = Policy.PREPAID,
    credit_limit: Decimal = Decimal(0),
) -> Account:
    """The wallet of ``customer`` (a user or a Company) in ``currency``, made where there is none.

    One that exists keeps its terms. Raises DomainError for an unknown currency or a bad limit.
    """
    accounts.known_currency(currency)
    floor = -_checked_limit(policy, credit_limit, currency)
    whose = "company" if isinstance(customer, Company) else "user"
    code = f"{whose}/{customer.pk}/{currency}"
    wallet = Account.objects.filter(code=f"wallet/{code}").first()
    if wallet is not None:
        return wallet
    floors = {AccountKind.WALLET: floor, AccountKind.HELD: Decimal(0)}
    shared = {whose: customer, "currency": currency, "opened_at": at, "policy": policy}
    for kind in CUSTOMERS:
        row = Account(
            code=f"{kind.lower()}/{code}",
            kind=kind,
            name=f"{_NAMES[kind]} of {customer}"[:200],
            wallet=wallet,
            floor=floors.get(kind),
            **shared,
        )
        # Of two at once the second one waits here for the first, and then finds all three.
        Account.objects.bulk_create([row], ignore_conflicts=True)
        wallet = wallet or Account.objects.get(code=row.code)
    assert wallet is not None
    return wallet


def top_up(
    *,
    wallet_id: int,
    amount: Decimal,
    source: Ours,
    key: str,
    at: datetime,
    by_id: int | None = None,
    reference: str = "",
    description: str = "",
) -> JournalEntry:
    """Put ``amount`` into the wallet, out of ``source`` (cash, a provider's clearing account).

    What the customer owes is taken from it at once. Raises NotFound, DomainError, KeyUsed.
    """
    asked = {"top_up": wallet_id, "amount": amount, "source": source.code, "for": reference}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        journal.checked_amount(amount, wallet.currency)
        made = book.enter(
            kind=EntryKind.TOP_UP,
            key=key,
            asked=asked,
            lines=[(wallet, amount), (source, -amount)],
            reference=reference,
            description=description,
        )
        owing.square(book, wallet, key=key)
        return made

    locks: dict[str, Any] = {"wallets": [wallet_id], "ours": [source]}
    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)


def pay_out(
    *,
    wallet_id: int,
    amount: Decimal,
    target: Ours,
    key: str,
    reason: str,
    at: datetime,
    by_id: int | None = None,
    reference: str = "",
) -> JournalEntry:
    """Give ``amount`` of the customer's own money back, into ``target`` (cash, clearing).

    Credit is never paid out. Raises NotFound, DomainError, InsufficientFunds, KeyUsed.
    """
    reason = journal.checked_reason(reason)
    asked = {"pay_out": wallet_id, "amount": amount, "target": target.code, "reason": reason}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        if journal.checked_amount(amount, wallet.currency) > wallet.balance:
            own = max(wallet.balance, Decimal(0))
            raise InsufficientFunds(money.rounded(own, wallet.currency), wallet.currency)
        return book.enter(
            kind=EntryKind.PAY_OUT,
            key=key,
            asked=asked,
            lines=[(wallet, -amount), (target, amount)],
            reference=reference,
            reason=reason,
        )

    locks: dict[str, Any] = {"wallets": [wallet_id], "ours": [target]}
    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)


def set_terms(*, wallet_id: int, policy: str, credit_limit: Decimal, at: datetime) -> Account:
    """Change when the customer pays, and how far the wallet may go below zero.

    Raises NotFound, DomainError where prepaid comes with credit or the balance is lower already.
    """
    with transaction.atomic(), journal.opened(at=at, wallets=[wallet_id]) as book:
        wallet = book.wallet(wallet_id)
        limit = _checked_limit(policy, credit_limit, wallet.currency)
        if wallet.balance < -limit:
            text = f"is too low: the balance is {money.rounded(wallet.balance, wallet.currency):f}"
            raise DomainError("The balance is below that limit", fields={"creditLimit": [text]})
        wallet.policy, wallet.floor = policy, -limit
        wallet.save(update_fields=["policy", "floor"])
        return wallet


def currency_of(wallet_id: int) -> str:
    """The wallet's currency, which never changes. Raises NotFound where there is no wallet."""
    wallets = Account.objects.filter(pk=wallet_id, kind=AccountKind.WALLET)
    currency = wallets.values_list("currency", flat=True).first()
    if currency is None:
        raise accounts.no_wallet()
    return currency


def _checked_limit(policy: str, limit: Decimal, currency: str) -> Decimal:
    if policy not in Policy.values:
        raise DomainError("There is no such policy", fields={"policy": ["is not known here"]})
    if limit:
        journal.checked_amount(limit, currency, "creditLimit")
    if limit and policy == Policy.PREPAID:
        raise DomainError("Prepaid has no credit", fields={"creditLimit": ["should be 0"]})
    return limit
