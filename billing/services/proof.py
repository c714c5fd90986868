"""Proof of the ledger from its postings: two passes over them, in bounded memory, reading only.

First along the accounts: every posting says what the account has after it, and the last of them
is the balance. Then along the entries: each sums to zero in each currency, and nothing hangs loose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from billing.models import Account, EntryKind, JournalEntry, Posting
from billing.models.ledger import GUARDS

_CHUNK = 5000
_TRIGGERS = {
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    " AND tgrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'billing_%%')",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


class Books(NamedTuple):
    """How much there is to prove."""

    accounts: int
    entries: int
    postings: int


def books() -> Books:
    """How many accounts, entries and postings there are: a count of everything, not for pages."""
    return Books(Account.objects.count(), JournalEntry.objects.count(), Posting.objects.count())


def problems() -> Iterator[str]:
    """What is wrong with the ledger, sentence by sentence; nothing where it is proved."""
    yield from missing(GUARDS)
    yield from _accounts()
    yield from _entries()
    yield from _reversals()


def missing(guards: Iterable[str]) -> Iterator[str]:
    """Those of the database's guards that are not there."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    for name in guards:
        if name not in there:
            yield f"the database's guard {name} is missing"


def _accounts() -> Iterator[str]:
    rows = Posting.objects.order_by("account_id", "id")
    columns = ("account_id", "id", "amount", "balance_after")
    postings = groupby(rows.values_list(*columns).iterator(_CHUNK), itemgetter(0))
    owner, chain = next(postings, (None, ()))
    accounts = Account.objects.order_by("pk").values_list("pk", "code", "balance", "floor")
    for number, code, balance, floor in accounts.iterator(_CHUNK):
        reached = Decimal(0)
        if owner == number:
            reached = yield from _chain(code, chain)
            owner, chain = next(postings, (None, ()))
        if reached != balance:
            yield f"account {code} has a balance of {balance}, its postings sum to {reached}"
        if floor is not None and balance < floor:
            yield f"account {code} has a balance of {balance}, below its floor of {floor}"


def _chain(code: str, postings: Iterable[Any]) -> Any:
    """Problems of one account's postings in their order; gives their sum."""
    reached = Decimal(0)
    for _, number, amount, after in postings:
        reached += amount
        if reached != after:
            yield f"posting {number} says account {code} has {after} after it, it has {reached}"
    return reached


def _entries() -> Iterator[str]:
    rows = Posting.objects.order_by("entry_id", "account_id")
    columns = ("entry_id", "account__currency", "amount", "booked_at")
    postings = groupby(rows.values_list(*columns).iterator(_CHUNK), itemgetter(0))
    of, lines = next(postings, (None, ()))
    entries = JournalEntry.objects.order_by("pk").values_list("pk", "booked_at")
    for number, booked_at in entries.iterator(_CHUNK):
        while of is not None and of < number:
            yield f"entry {of} is missing, its postings are there"
            of, lines = next(postings, (None, ()))
        if of == number:
            yield from _entry(number, booked_at, list(lines))
            of, lines = next(postings, (None, ()))
        else:
            yield f"entry {number} has no postings"
    while of is not None:
        yield f"entry {of} is missing, its postings are there"
        of, lines = next(postings, (None, ()))


def _entry(number: int, booked_at: datetime, lines: list[Any]) -> Iterator[str]:
    sums: dict[str, Decimal] = {}
    for _, currency, amount, at in lines:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
        if at != booked_at:
            yield f"entry {number} was booked at {booked_at}, a posting of it at {at}"
    for currency, rest in sums.items():
        if rest:
            yield f"entry {number} sums to {rest} {currency}, not to zero"
    if len(lines) < 2:
        yield f"entry {number} has a single posting"


def _reversals() -> Iterator[str]:
    rows = JournalEntry.objects.filter(kind=EntryKind.REVERSAL).order_by("pk")
    for number, reversed_ in rows.values_list("pk", "reverses_id").iterator(_CHUNK):
        if _moves(number) != {account: -amount for account, amount in _moves(reversed_).items()}:
            yield f"entry {number} is not the mirror image of entry {reversed_}"


def _moves(entry_id: int | None) -> dict[int, Decimal]:
    return dict(Posting.objects.filter(entry=entry_id).values_list("account", "amount"))
