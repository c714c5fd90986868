"""Charges: what priced sessions sell, and the entries that charge for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from billing.models import Account, EntryKind, JournalEntry, SessionBill
from billing.services import accounts, holds, journal, ledger, payers
from billing.services.accounts import Ours
from billing.services.journal import Journal
from billing.services.pricing import Priced
from billing.services.sales import Sale, Tax


class Due(NamedTuple):
    """A price that is to be booked: for whom (None: nobody we know), and what it sells."""

    priced: Priced
    wallet: Account | None
    sale: Sale

    @property
    def reference(self) -> str:
        """What its entries and holds are found by."""
        return f"session/{self.priced.session.pk}"


def due(priced: Sequence[Priced], *, at: datetime) -> list[Due]:
    """These prices with who pays them; wallets are opened where they are new."""
    found = payers.wallets_of([(one.session, one.bill.currency) for one in priced], at=at)
    return [Due(one, found.get(one.session.pk), _sale(one)) for one in priced]


def country(priced: Priced) -> str:
    """Whose tax it is: the site's country."""
    site = priced.session.station.site
    return site.country if site else ""


def book(sold: Sequence[Due], *, at: datetime) -> dict[int, JournalEntry]:
    """Charge for all these, each for the first time; gives the entries by session.

    What was held for a session is released. One that comes to nothing has no entry.
    """
    if not sold:
        return {}
    entries: dict[int, JournalEntry] = {}
    with journal.opened(at=at, **_locks(sold)) as opened:
        held = _held(sold)
        for one in sold:
            entry = _enter(opened, one, key(one, 1), held.get(one.reference))
            if entry is not None:
                entries[one.priced.session.pk] = entry
    return entries


def book_anew(
    sold: Due, old: SessionBill, *, revision: int, reason: str, at: datetime, by_id: int | None
) -> tuple[JournalEntry | None, JournalEntry | None]:
    """Take the entry of ``old`` back and charge anew; gives the reversal and the charge.

    Raises Conflict where it was reversed or partly given back before, InsufficientFunds.
    """
    with journal.opened(at=at, by_id=by_id, **_locks([sold], old)) as opened:
        taken_back = None
        if old.entry is not None:
            taken_back = ledger.reverse_in(
                opened, old.entry, key=f"{key(sold, old.revision)}/reversed", reason=reason
            )
        return taken_back, _enter(opened, sold, key(sold, revision), None)


def key(sold: Due, revision: int) -> str:
    """The idempotency key of a bill's charge."""
    return f"bill/{sold.priced.session.pk}/{revision}"


def _sale(priced: Priced) -> Sale:
    taxes = (Tax(country(priced), each.rate, each.tax) for each in priced.bill.taxes if each.tax)
    return Sale(priced.bill.net, tuple(taxes))


def _locks(sold: Sequence[Due], old: SessionBill | None = None) -> dict[str, Any]:
    """Every account these charges, and what is taken back, will touch."""
    ours: dict[str, Ours] = {}
    for one in sold:
        currency = one.priced.bill.currency
        touched = [which for which, _ in one.sale.lines(currency)]
        ours |= {which.code: which for which in touched}
        if one.wallet is None:
            ours |= {which.code: which for which in [accounts.unassigned(currency)]}
    wallets = {one.wallet.pk for one in sold if one.wallet}
    others: list[int] = []
    if old is not None and old.entry is not None:
        others = list(old.entry.postings.values_list("account", flat=True))
        wallets |= {old.wallet_id} if old.wallet_id else set()
    return {"wallets": wallets, "others": others, "ours": list(ours.values())}


def _held(sold: Sequence[Due]) -> dict[str, JournalEntry]:
    """What is held for these sessions, by its reference."""
    references = [one.reference for one in sold if one.wallet]
    if not references:
        return {}
    holding = JournalEntry.objects.filter(
        kind=EntryKind.HOLD, reference__in=references, closed_by=None
    )
    return {entry.reference: entry for entry in holding}


def _enter(
    opened: Journal, sold: Due, under: str, held: JournalEntry | None
) -> JournalEntry | None:
    """Release what was held and charge; gives the charge, where it comes to something."""
    priced = sold.priced
    asked = {"bill": priced.session.pk, "sale": sold.sale.asked()}
    wallet = opened.wallet(sold.wallet.pk) if sold.wallet else None
    if wallet is not None and held is not None:
        holds.release_in(opened, wallet, held, key=f"{under}/release", asked=asked)
    if not sold.sale.gross:
        return None
    facts: dict[str, Any] = {
        "key": under,
        "asked": asked,
        "reference": sold.reference,
        "at": priced.session.stopped_at or opened.at,
        "description": str(priced.version)[:200],
    }
    if wallet is not None:
        return holds.charge_in(opened, wallet, sold.sale, **facts)
    currency = priced.bill.currency
    lines = [(accounts.unassigned(currency), -sold.sale.gross), *sold.sale.lines(currency)]
    return opened.enter(kind=EntryKind.CHARGE, lines=lines, **facts)
