"""What a customer owes beyond the wallet's limit, and how it is settled when money comes in."""

from __future__ import annotations

from decimal import Decimal

from billing.models import Account, AccountKind, EntryKind
from billing.services.journal import Journal


def square(book: Journal, wallet: Account, *, key: str) -> None:
    """Take what is owed from a ``wallet`` that can pay it, and give back what was taken too much.

    Too much was taken where a charge is reversed whose owed part was settled since. Accounts that
    are no wallets are left alone.
    """
    if wallet.kind != AccountKind.WALLET:
        return
    owed = book.side(wallet, AccountKind.OWED)
    moved = min(-owed.balance, max(wallet.available, Decimal(0)))
    if moved:
        book.enter(
            kind=EntryKind.COLLECTION,
            key=f"{key}/owed",
            asked={"square": wallet.pk, "with": key},
            lines=[(wallet, -moved), (owed, moved)],
        )
