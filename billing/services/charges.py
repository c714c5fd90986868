"""Charges: what priced sessions sell, and the entries that charge for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from billing.models import (
    Account,
    AccountKind,
    EntryKind,
    JournalEntry,
    Posting,
    SessionBill,
)
from billing.services import accounts, holds, journal, ledger, payers
from billing.services.accounts import Ours
from billing.services.journal import Journal
from billing.services.pricing import Priced
from billing.services.sales import Sale, Tax


class Due(NamedTuple):
    """A price that is to be booked: who pays and whose it is (None: nobody we know), the sale."""

    priced: Priced
    wallet: Account | None
    driver_id: int | None
    sale: Sale

    @property
    def reference(self) -> str:
        """What its entries and holds are found by."""
        return holds.reference(self.priced.session.pk)


class _Hold(NamedTuple):
    """What is held for a session, and the wallet it was taken from: who pays may be another."""

    entry: JournalEntry
    wallet_id: int


def due(priced: Sequence[Priced], *, at: datetime) -> list[Due]:
    """These prices with who pays them; wallets are opened where they are new."""
    found = payers.wallets_of([(one.session, one.bill.currency) for one in priced], at=at)
    return [Due(one, found.get(one.session.pk), _holder(one), _sale(one)) for one in priced]


def country(priced: Priced) -> str:
    """Whose tax it is: the site's country."""
    site = priced.session.station.site
    return site.country if site else ""


def book(
    sold: Sequence[Due], *, at: datetime, dropped: Sequence[int] = ()
) -> dict[int, JournalEntry]:
    """Charge for all these, each for the first time; gives the entries by session.

    What was held for a session is given back to whom it was taken from, for those ``dropped``, of
    which there will be no bill, too. One that comes to nothing has no entry.
    """
    references = [*(one.reference for one in sold), *map(holds.reference, dropped)]
    holders = {one.wallet_id for one in _held(references)}
    if not sold and not holders:
        return {}
    entries: dict[int, JournalEntry] = {}
    with journal.opened(at=at, **_locks(sold, holders=holders)) as opened:
        for one in _held(references):  # as it is now that nobody else can give it back
            if one.wallet_id in holders:
                _give_back(opened, one)
        for each in sold:
            entry = _enter(opened, each, key(each, 1))
            if entry is not None:
                entries[each.priced.session.pk] = entry
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
        return taken_back, _enter(opened, sold, key(sold, revision))


def key(sold: Due, revision: int) -> str:
    """The idempotency key of a bill's charge."""
    return f"bill/{sold.priced.session.pk}/{revision}"


def _sale(priced: Priced) -> Sale:
    taxes = (Tax(country(priced), each.rate, each.tax) for each in priced.bill.taxes if each.tax)
    return Sale(priced.bill.net, tuple(taxes))


def _holder(priced: Priced) -> int | None:
    card = priced.session.card
    return card.user_id if card else None


def _locks(
    sold: Sequence[Due], old: SessionBill | None = None, holders: Collection[int] = ()
) -> dict[str, Any]:
    """Every account these charges, what is taken back, and what is given back will touch."""
    ours: dict[str, Ours] = {}
    for one in sold:
        currency = one.priced.bill.currency
        touched = [which for which, _ in one.sale.lines(currency)]
        ours |= {which.code: which for which in touched}
        if one.wallet is None:
            ours |= {which.code: which for which in [accounts.unassigned(currency)]}
    wallets = {one.wallet.pk for one in sold if one.wallet} | set(holders)
    others: list[int] = []
    if old is not None and old.entry is not None:
        others = list(old.entry.postings.values_list("account", flat=True))
        wallets |= {old.wallet_id} if old.wallet_id else set()
    return {"wallets": wallets, "others": others, "ours": list(ours.values())}


def _held(references: Sequence[str]) -> list[_Hold]:
    """What is held for these sessions, of whomever."""
    taken = Posting.objects.filter(
        entry__kind=EntryKind.HOLD,
        entry__reference__in=references,
        entry__closed_by=None,
        account__kind=AccountKind.WALLET,
    )
    found = taken.select_related("entry").order_by("entry_id") if references else []
    return [_Hold(posting.entry, posting.account_id) for posting in found]


def _give_back(opened: Journal, held: _Hold) -> None:
    wallet, under = opened.wallet(held.wallet_id), f"{held.entry.idempotency_key}/release"
    asked = {"release": held.wallet_id, "for": held.entry.reference}
    holds.release_in(opened, wallet, held.entry, key=under, asked=asked)


def _enter(opened: Journal, sold: Due, under: str) -> JournalEntry | None:
    """Charge; gives the entry, where it comes to something."""
    priced = sold.priced
    if not sold.sale.gross:
        return None
    facts: dict[str, Any] = {
        "key": under,
        "asked": {"bill": priced.session.pk, "sale": sold.sale.asked()},
        "reference": sold.reference,
        "at": priced.session.stopped_at or opened.at,
        "description": str(priced.version)[:200],
    }
    if sold.wallet is not None:
        return holds.charge_in(opened, opened.wallet(sold.wallet.pk), sold.sale, **facts)
    currency = priced.bill.currency
    lines = [(accounts.unassigned(currency), -sold.sale.gross), *sold.sale.lines(currency)]
    return opened.enter(kind=EntryKind.CHARGE, lines=lines, **facts)
