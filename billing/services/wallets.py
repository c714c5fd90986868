"""Wallets: opened, topped up, paid out, their terms.

Sessions are held and settled in ``holds``, what is given back stands in ``giving_back``. A wallet
never falls below its floor: what a session costs beyond it is owed, and taken from the next money
that comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.errors import InsufficientFunds
from billing.models import Account, AccountKind, Company, EntryKind, JournalEntry, Policy
from billing.services import accounts, journal, owing
from billing.services.accounts import Ours
from billing.services.journal import Journal
from cms.shared import money
from cms.shared.errors import DomainError

_NAMES = {AccountKind.WALLET: "Wallet", AccountKind.HELD: "Held", AccountKind.OWED: "Owed"}
_FLOORS = {AccountKind.HELD: Decimal(0), AccountKind.OWED: None}  # of what stands beside a wallet


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
    floor = -_checked_limit(policy, credit_limit, accounts.known_currency(currency))
    [wallet] = open_many(customers=[(customer, currency)], at=at, policy=policy, floor=floor)
    return wallet


@transaction.atomic
def open_many(
    *,
    customers: Sequence[tuple[Any, str]],
    at: datetime,
    policy: str,
    floor: Decimal = Decimal(0),
) -> list[Account]:
    """The wallets of these customers, each in its currency (both known), in their order.

    Those that exist keep their terms. One query where all do, five where any is new.
    """
    codes = [_code(AccountKind.WALLET, *who) for who in customers]
    found = _wallets(codes)
    new = {code: who for code, who in zip(codes, customers, strict=True) if code not in found}
    if new:
        # Always in one order: of two who open the same ones at once the second waits here for
        # the first, and then finds all three of each.
        order = sorted(new)
        facts: dict[str, Any] = {"opened_at": at, "policy": policy}
        _make(_account(AccountKind.WALLET, *new[code], floor=floor, **facts) for code in order)
        found |= _wallets(order)
        _make(
            _account(kind, *new[code], wallet=found[code], floor=_FLOORS[kind], **facts)
            for code in order
            for kind in _FLOORS
        )
    return [found[code] for code in codes]


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
    beyond: bool = False,
) -> JournalEntry:
    """Give ``amount`` of the customer's own money back, into ``target`` (cash, clearing).

    Credit is never paid out; ``beyond``: it has happened already, and what the wallet does not have
    is owed. Raises NotFound, DomainError, InsufficientFunds, KeyUsed.
    """
    reason = journal.checked_reason(reason)
    asked = {"pay_out": wallet_id, "amount": amount, "target": target.code, "reason": reason}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        own = max(wallet.balance, Decimal(0))
        missing = max(journal.checked_amount(amount, wallet.currency) - own, Decimal(0))
        if missing and not beyond:
            raise InsufficientFunds(money.rounded(own, wallet.currency), wallet.currency)
        owed = book.side(wallet, AccountKind.OWED)
        return book.enter(
            kind=EntryKind.PAY_OUT,
            key=key,
            asked=asked,
            lines=[(wallet, missing - amount), (owed, -missing), (target, amount)],
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
            raise DomainError(
                "The balance is below that limit",
                fields={"creditLimit": ["is too low: the balance is %(balance)s"]},
                balance=f"{money.rounded(wallet.balance, wallet.currency):f}",
            )
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


def _wallets(codes: Iterable[str]) -> dict[str, Account]:
    return {row.code: row for row in Account.objects.filter(code__in=codes)}


def _make(rows: Iterable[Account]) -> None:
    Account.objects.bulk_create(rows, ignore_conflicts=True)


def _account(kind: AccountKind, customer: Any, currency: str, **facts: Any) -> Account:
    """One of a customer's three accounts, not stored yet."""
    return Account(
        code=_code(kind, customer, currency),
        kind=kind,
        name=f"{_NAMES[kind]} of {customer}"[:200],
        currency=currency,
        **{_whose(customer): customer},
        **facts,
    )


def _code(kind: AccountKind, customer: Any, currency: str) -> str:
    return f"{kind.lower()}/{_whose(customer)}/{customer.pk}/{currency}"


def _whose(customer: Any) -> str:
    return "company" if isinstance(customer, Company) else "user"
