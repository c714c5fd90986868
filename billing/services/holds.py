"""A session's money: held at its start, settled at its end, or released.

The functions named ``..._in`` do their part in a journal that is open, for whoever books more.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from billing.models import Account, AccountKind, EntryKind, JournalEntry, Posting
from billing.services import journal, sales, wallets
from billing.services.journal import Journal
from billing.services.sales import Sale
from cms.shared.errors import Conflict


def reference(session_id: int) -> str:
    """What the entries of a session are found by."""
    return f"session/{session_id}"


class Settled(NamedTuple):
    """What settling booked: the hold it released and the charge, where there was one."""

    released: JournalEntry | None
    charged: JournalEntry | None


def hold(
    *,
    wallet_id: int,
    amount: Decimal,
    reference: str,
    key: str,
    at: datetime,
    by_id: int | None = None,
) -> JournalEntry:
    """Set ``amount`` aside for ``reference`` (a session) until it is settled or released.

    Raises NotFound, DomainError, InsufficientFunds, KeyUsed, and Conflict where something is held
    for this reference already.
    """
    asked = {"hold": wallet_id, "amount": amount, "for": reference}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        journal.checked_amount(amount, wallet.currency)
        if open_hold(wallet_id, reference):
            raise Conflict("Something is held for %(reference)s already", reference=reference)
        return hold_in(book, wallet, amount, key=key, asked=asked, reference=reference)

    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, wallets=[wallet_id])


def release(
    *, wallet_id: int, reference: str, key: str, at: datetime, by_id: int | None = None
) -> JournalEntry:
    """Give back what is held for ``reference``. Raises NotFound, Conflict where nothing is."""
    asked = {"release": wallet_id, "for": reference}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        held = open_hold(wallet_id, reference)
        if held is None:
            raise Conflict("Nothing is held for %(reference)s", reference=reference)
        return release_in(book, wallet, held, key=key, asked=asked)

    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, wallets=[wallet_id])


def settle(
    *,
    wallet_id: int,
    reference: str,
    sale: Sale,
    key: str,
    at: datetime,
    happened_at: datetime | None = None,
    description: str = "",
    by_id: int | None = None,
) -> Settled:
    """A session ended: release what was held for it and charge what it cost, in one go.

    What the wallet cannot pay is owed. Nothing held (postpaid) and nothing to pay are fine.
    Raises NotFound, DomainError for a sale below zero or not in whole minor units, KeyUsed.
    """
    sales.checked(sale)
    asked = {"settle": wallet_id, "for": reference, "sale": sale.asked()}

    def enter(book: Journal) -> Settled:
        wallet, held = book.wallet(wallet_id), open_hold(wallet_id, reference)
        # Under the key itself stands the charge, or the release where nothing is charged.
        beside = f"{key}/release" if sale.gross else key
        released = held and release_in(book, wallet, held, key=beside, asked=asked)
        if not sale.gross:
            return Settled(released, None)
        facts = {"at": happened_at or at, "description": description, "reference": reference}
        return Settled(released, charge_in(book, wallet, sale, key=key, asked=asked, **facts))

    locks: dict[str, Any] = {"wallets": [wallet_id]}
    locks["ours"] = [which for which, _ in sale.lines(wallets.currency_of(wallet_id))]
    done = journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)
    return done if isinstance(done, Settled) else _settled_before(done)


def open_hold(wallet_id: int, reference: str) -> JournalEntry | None:
    """What is held of the wallet for ``reference``; lock the wallet where that has to stay."""
    holds = JournalEntry.objects.filter(kind=EntryKind.HOLD, reference=reference, closed_by=None)
    return holds.filter(postings__account=wallet_id).order_by("pk").first()


def hold_in(
    book: Journal, wallet: Account, amount: Decimal, *, key: str, asked: Any, reference: str
) -> JournalEntry:
    """Set ``amount`` aside."""
    return book.enter(
        kind=EntryKind.HOLD,
        key=key,
        asked=asked,
        lines=[(wallet, -amount), (book.side(wallet, AccountKind.HELD), amount)],
        reference=reference,
    )


def release_in(
    book: Journal, wallet: Account, held: JournalEntry, *, key: str, asked: Any
) -> JournalEntry:
    """Give back what was set aside."""
    amount = held_amount(held, wallet)
    return book.enter(
        kind=EntryKind.RELEASE,
        key=key,
        asked=asked,
        lines=[(book.side(wallet, AccountKind.HELD), -amount), (wallet, amount)],
        reference=held.reference,
        closes=held,
    )


def charge_in(book: Journal, wallet: Account, sale: Sale, **entry: Any) -> JournalEntry:
    """Charge ``sale``: the wallet pays what it can, the rest is owed."""
    lines = sale.lines(wallet.currency)
    for _, amount in lines:
        if amount:
            journal.checked_amount(amount, wallet.currency)
    paid = min(sale.gross, max(wallet.available, Decimal(0)))
    owed = book.side(wallet, AccountKind.OWED)
    return book.enter(
        kind=EntryKind.CHARGE,
        lines=[(wallet, -paid), (owed, paid - sale.gross), *lines],
        **entry,
    )


def held_amount(held: JournalEntry, wallet: Account) -> Decimal:
    """How much a hold set aside."""
    posting: Posting = held.postings.get(account=wallet)
    return -posting.amount


def _settled_before(entry: JournalEntry) -> Settled:
    """What was settled when ``entry`` was booked."""
    if entry.kind == EntryKind.RELEASE:
        return Settled(entry, None)
    beside = JournalEntry.objects.filter(idempotency_key=f"{entry.idempotency_key}/release")
    return Settled(beside.first(), entry)
