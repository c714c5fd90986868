"""Booking and reversing on any accounts; what customers do with wallets is in ``wallets``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import EntryKind, JournalEntry, SessionBill
from billing.services import journal, owing
from billing.services.accounts import Ours
from billing.services.journal import Journal, Lines
from cms.shared.errors import Conflict, NotFound, Text

_NOT_REVERSED = {
    EntryKind.HOLD: Text("A hold is released, not reversed"),
    EntryKind.RELEASE: Text("A hold that was released is held anew, not reversed"),
    EntryKind.COLLECTION: Text("What is owed would be taken again at once: reverse the charge"),
    EntryKind.REVERSAL: Text("A reversal is not reversed: book it anew"),
}


def book(
    *,
    kind: EntryKind,
    lines: Lines,
    key: str,
    at: datetime,
    by_id: int | None = None,
    **facts: Any,
) -> JournalEntry:
    """Move amounts between accounts: ``lines`` are (account, amount) and sum to zero.

    The same ``key`` with the same lines gives the entry it made the first time. ``facts`` are
    fields of the entry: ``reference``, ``description``, ``reason``. Raises KeyUsed,
    InsufficientFunds, DomainError.
    """
    lines = list(lines)
    asked = {"book": kind, "lines": [[which.code, amount] for which, amount in lines], **facts}

    def enter(book: Journal) -> JournalEntry:
        return book.enter(kind=kind, key=key, asked=asked, lines=lines, **facts)

    return journal.once(
        enter,
        key=key,
        asked=asked,
        at=at,
        by_id=by_id,
        others=[which.pk for which, _ in lines if not isinstance(which, Ours)],
        ours=[which for which, _ in lines if isinstance(which, Ours)],
    )


def reverse(
    *,
    entry_id: int,
    key: str,
    reason: str,
    at: datetime,
    by_id: int | None = None,
) -> JournalEntry:
    """Undo an entry by its mirror image; both stay. Gives the reversing entry.

    Raises NotFound, DomainError without a ``reason``, Conflict where it was reversed or partly
    given back before or is of a kind that ends another way, InsufficientFunds where what it gave
    was spent, KeyUsed.
    """
    reason = journal.checked_reason(reason)
    asked = {"reverse": entry_id, "reason": reason}
    entry = _reversible(entry_id)

    def enter(book: Journal) -> JournalEntry:
        return reverse_in(book, entry, key=key, reason=reason)

    touched = list(entry.postings.values_list("account", flat=True))
    locks: dict[str, Any] = {"wallets": touched, "others": touched}
    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)


def reverse_in(book: Journal, entry: JournalEntry, *, key: str, reason: str) -> JournalEntry:
    """Undo ``entry`` in an open journal over its accounts. Raises Conflict, InsufficientFunds."""
    _check_untouched(entry)
    moves = list(entry.postings.order_by("pk").values_list("account", "amount"))
    made = book.enter(
        kind=EntryKind.REVERSAL,
        key=key,
        asked={"reverse": entry.pk, "reason": reason},
        lines=[(book.by_number[number], -amount) for number, amount in moves],
        reverses=entry,
        reference=entry.reference,
        reason=reason,
    )
    for number, _ in moves:
        owing.square(book, book.by_number[number], key=key)
    return made


def _reversible(entry_id: int) -> JournalEntry:
    entry = JournalEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("There is no entry %(entry_id)s", entry_id=entry_id)
    if refusal := not_reversed(entry):
        raise Conflict(refusal)
    return entry


def not_reversed(entry: JournalEntry) -> Text | None:
    """Why ``entry`` is undone in another way; None where it can be reversed."""
    if SessionBill.objects.filter(entry=entry).exists():
        return Text("It belongs to a bill: price the session anew")
    return _NOT_REVERSED.get(EntryKind(entry.kind))


def _check_untouched(entry: JournalEntry) -> None:
    """Raise Conflict where some or all of it was given back. Its accounts are locked."""
    if JournalEntry.objects.filter(reverses=entry).exists():
        raise Conflict("Entry %(entry)s was reversed already", entry=entry.pk)
    if entry.corrected_by.filter(reversed_by=None).exists():
        raise Conflict(
            "A part of entry %(entry)s was given back already: refund the rest", entry=entry.pk
        )
