"""The journal while it is open: accounts locked, entries gathered, all written together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from billing.errors import InsufficientFunds, KeyUsed
from billing.models import Account, AccountKind, EntryKind, JournalEntry, Posting
from billing.models.ledger import INCOME_AND_TAX
from billing.services import accounts, gate, numbers, second_pair
from billing.services.accounts import Ours
from cms.shared import bulk, money
from cms.shared.errors import DomainError

T = TypeVar("T")
Lines = Iterable[tuple[Account | Ours, Decimal]]
_LONGEST_KEY = 180  # an entry that comes along has its key with a word behind it


@contextmanager
def opened(
    *,
    at: datetime,
    wallets: Iterable[int] = (),
    others: Iterable[int] = (),
    ours: Iterable[Ours] = (),
    by_id: int | None = None,
) -> Iterator[Journal]:
    """A journal over these accounts, locked until the block ends; then its entries are written.

    One transaction opens one journal: a second would lock out of order. Raises PeriodClosed where
    income and tax may be among them and ``at`` lies in a closed billing period, and NeedsApproval
    where it corrects more than one person may.
    """
    wallets, others, ours = list(wallets), list(others), list(ours)
    with transaction.atomic(savepoint=False):
        if others or any(one.kind in INCOME_AND_TAX for one in ours):
            gate.enter(at=at)
        rows = accounts.locked(wallets=wallets, accounts=others, ours=ours, at=at)
        journal = Journal(rows, at=at, by_id=by_id)
        yield journal
        journal.write()


def once(
    do: Callable[[Journal], T],
    *,
    key: str,
    asked: Mapping[str, Any],
    at: datetime,
    by_id: int | None = None,
    **locks: Any,
) -> T | JournalEntry:
    """Let ``do`` enter what is ``asked`` for with ``key`` into a journal; a repeat finds the first.

    ``locks`` are the accounts, as for ``opened``. Two that come at once wait for each other at
    their accounts, or, where these differ, at the unique index of the key. Raises KeyUsed where
    the key was used for something else, DomainError where it is none, and what ``do`` raises.
    """
    try:
        with transaction.atomic(), opened(at=at, by_id=by_id, **locks) as journal:
            return repeated(key, asked) or do(journal)
    except IntegrityError:
        known = repeated(key, asked)
        if known is None:
            raise
        return known


class Journal:
    """Entries in the making. Balances of its accounts follow them at once."""

    def __init__(self, rows: Iterable[Account], *, at: datetime, by_id: int | None) -> None:
        self.at, self.by_id = at, by_id
        self.by_code = {row.code: row for row in rows}
        self.by_number = {row.pk: row for row in self.by_code.values()}
        self._sides = {(row.wallet_id, row.kind): row for row in self.by_number.values()}
        self._entries: list[JournalEntry] = []
        self._postings: list[tuple[JournalEntry, Posting]] = []

    def wallet(self, number: int) -> Account:
        """The wallet, as it is now. Raises NotFound where there is none."""
        found = self.by_number.get(number)
        if found is None or found.kind != AccountKind.WALLET:
            raise accounts.no_wallet()
        return found

    def side(self, wallet: Account, kind: AccountKind) -> Account:
        """What is held for a wallet, or owed by its customer."""
        return self._sides[wallet.pk, kind]

    def enter(
        self,
        *,
        kind: EntryKind,
        key: str,
        asked: Mapping[str, Any],
        lines: Lines,
        **facts: Any,
    ) -> JournalEntry:
        """Book ``lines`` (account, amount) as one entry; lines of nothing are left out.

        ``asked`` is what the caller wanted, by which a retry is known; ``facts`` are fields of the
        entry. Raises DomainError where amounts are not whole or do not sum to zero,
        InsufficientFunds where an account would fall below its floor.
        """
        moves = self._merged(lines)
        _balanced(moves)
        entry = JournalEntry(
            kind=kind,
            idempotency_key=key,
            fingerprint=fingerprint(asked),
            booked_at=self.at,
            booked_by_id=self.by_id,
            **{"at": self.at, **facts},
        )
        for account, amount in moves:
            self._post(entry, account, amount)
        self._entries.append(entry)
        return entry

    def write(self) -> None:
        """Store everything entered: the postings first, the entries as their seals.

        Raises NeedsApproval, OutOfDate (``second_pair``) where another person has to look first.
        """
        if not self._entries:
            return
        moves = [(posting.account, posting.amount) for _, posting in self._postings]
        second_pair.check({entry.kind for entry in self._entries}, moves)
        for entry, number in zip(
            self._entries, numbers.of(JournalEntry, len(self._entries)), strict=True
        ):
            entry.pk = number
        for entry, posting in self._postings:
            posting.entry_id = entry.pk
        postings = [posting for _, posting in self._postings]
        bulk.run([bulk.of_models(postings), bulk.of_models(self._entries)])
        self._entries, self._postings = [], []

    def _merged(self, lines: Lines) -> list[tuple[Account, Decimal]]:
        """One line per account, the accounts of this journal, in the order they are named."""
        sums: dict[int, Decimal] = {}
        for which, amount in lines:
            row = self.by_code[which.code]
            sums[row.pk] = sums.get(row.pk, Decimal(0)) + amount
        return [(self.by_number[pk], amount) for pk, amount in sums.items() if amount]

    def _post(self, entry: JournalEntry, account: Account, amount: Decimal) -> None:
        reached = account.balance + amount
        if amount < 0 and account.floor is not None and reached < account.floor:
            raise InsufficientFunds(
                money.rounded(account.available, account.currency), account.currency
            )
        account.balance = reached
        posting = Posting(
            account=account, amount=amount, balance_after=reached, booked_at=entry.booked_at
        )
        self._postings.append((entry, posting))


def repeated(key: str, asked: Mapping[str, Any]) -> JournalEntry | None:
    """The entry booked with ``key`` before, if any. Raises KeyUsed where it was something else,

    DomainError for a key that is empty or too long.
    """
    checked_key(key)
    known = JournalEntry.objects.filter(idempotency_key=key).first()
    if known is not None:
        check_same(known.fingerprint, asked)
    return known


def checked_key(key: str) -> str:
    """``key`` itself. Raises DomainError where it is empty or too long."""
    if not key or len(key) > _LONGEST_KEY:
        raise DomainError(
            "Every booking needs an idempotency key",
            fields={"Idempotency-Key": ["should have 1 to %(most)s characters"]},
            most=_LONGEST_KEY,
        )
    return key


def check_same(known: str, asked: Mapping[str, Any]) -> None:
    """Raise KeyUsed where the fingerprint of what was done with a key is not of what is asked."""
    if known != fingerprint(asked):
        raise KeyUsed


def fingerprint(asked: Mapping[str, Any]) -> str:
    """The same for the same request, whatever the spelling of its amounts."""
    text = json.dumps(asked, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def checked_reason(reason: str, field: str = "reason") -> str:
    """``reason`` itself. Raises DomainError where nobody says why."""
    if not reason.strip():
        raise DomainError("Say why", fields={field: ["is needed"]})
    return reason.strip()


def checked_amount(amount: Decimal, currency: str, field: str = "amount") -> Decimal:
    """``amount`` itself. Raises DomainError unless it is above zero and in whole minor units."""
    if not amount.is_finite() or amount <= 0:
        raise DomainError("The amount is above zero", fields={field: ["should be above zero"]})
    return _whole(amount, currency, field)


def _whole(amount: Decimal, currency: str, field: str = "amount") -> Decimal:
    if amount.adjusted() > 13:
        raise DomainError("The amount is too large", fields={field: ["is too large"]})
    if not money.is_whole(amount, currency):
        places = money.decimals(currency)
        raise DomainError(
            "The amount should have at most %(places)s decimals in %(currency)s",
            fields={field: ["should have at most %(places)s decimals in %(currency)s"]},
            places=places,
            currency=currency,
        )
    return amount


def _balanced(moves: list[tuple[Account, Decimal]]) -> None:
    sums: dict[str, Decimal] = {}
    for account, amount in moves:
        _whole(amount, account.currency)
        sums[account.currency] = sums.get(account.currency, Decimal(0)) + amount
    if len(moves) < 2 or any(sums.values()):
        raise DomainError(
            "An entry moves something between accounts, and sums to zero in each currency",
            fields={"lines": ["should sum to zero"]},
        )


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
