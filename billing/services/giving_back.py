"""Giving back: refunds of what was held or charged, and credit notes for whatever else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum

from billing.models import Account, EntryKind, JournalEntry, Posting
from billing.models.ledger import CUSTOMERS
from billing.services import holds, journal, owing, sales, wallets
from billing.services.journal import Journal
from billing.services.sales import Sale
from cms.shared import money
from cms.shared.errors import Conflict, DomainError, NotFound


class _Part(NamedTuple):
    """What a charge credited to one of our accounts, and how much of it was given back."""

    account_id: int
    charged: Decimal
    given: Decimal


def refund(
    *,
    charge_id: int,
    amount: Decimal,
    reason: str,
    key: str,
    at: datetime,
    by_id: int | None = None,
) -> JournalEntry:
    """Give ``amount`` of a charge back to the wallet that paid it, its taxes in proportion.

    Raises NotFound, DomainError, KeyUsed, and Conflict where that is more than is left of it.
    """
    reason = journal.checked_reason(reason)
    asked = {"refund": charge_id, "amount": amount, "reason": reason}
    charge, wallet_id, ours = _charge(charge_id)

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        return _refund_in(book, wallet, charge, amount, key=key, asked=asked, reason=reason)

    locks: dict[str, Any] = {"wallets": [wallet_id], "others": ours}
    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)


def refund_all(
    *,
    wallet_id: int,
    amounts: Mapping[int, Decimal],
    reason: str,
    key: str,
    at: datetime,
    by_id: int | None = None,
) -> list[JournalEntry]:
    """Give back of several charges of one wallet at once: ``amounts`` by their numbers.

    All or none; gives an entry for each. Raises as ``refund``.
    """
    reason = journal.checked_reason(reason)
    asked = {"refund_all": sorted(amounts.items()), "reason": reason}
    charges = {number: _charge(number) for number in amounts}
    if not charges or any(wallet != wallet_id for _, wallet, _ in charges.values()):
        raise DomainError("Nothing of this wallet", fields={"amount": ["should be above zero"]})

    keys = [key, *(f"{key}/{number}" for number in range(2, len(amounts) + 1))]

    def enter(book: Journal) -> JournalEntry:
        wallet, facts = book.wallet(wallet_id), {"asked": asked, "reason": reason}
        made = [
            _refund_in(book, wallet, charges[number][0], amount, key=each, **facts)
            for each, (number, amount) in zip(keys, amounts.items(), strict=True)
        ]
        return made[0]

    ours = {number for _, _, numbers in charges.values() for number in numbers}
    locks: dict[str, Any] = {"wallets": [wallet_id], "others": ours}
    journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)
    return list(JournalEntry.objects.filter(idempotency_key__in=keys).order_by("pk"))


def left(charges: Collection[int]) -> dict[int, Decimal]:
    """How much of each charge may still be given back; nothing of one that was reversed."""
    ours = Posting.objects.exclude(account__kind__in=CUSTOMERS).order_by()
    standing = ours.filter(entry__in=charges, entry__reversed_by=None)
    found = dict(standing.values_list("entry").annotate(sum=Sum("amount")))
    given = ours.filter(entry__corrects__in=charges, entry__reversed_by=None)
    for number, amount in given.values_list("entry__corrects").annotate(sum=Sum("amount")):
        if number in found:
            found[number] += amount
    return {number: found.get(number, Decimal(0)) for number in charges}


def refund_session(
    *,
    wallet_id: int,
    reference: str,
    amount: Decimal,
    key: str,
    at: datetime,
    reason: str = "",
    by_id: int | None = None,
) -> JournalEntry:
    """Give ``amount`` back for a session, whether it is held still or charged already.

    Of what is held the rest stays held, until the session is settled; that needs no reason. Raises
    NotFound where there is neither hold nor charge, else as ``refund``.
    """
    asked = {"refund_session": wallet_id, "for": reference, "amount": amount}
    charge = last_charge(wallet_id, reference)
    ours = _charge(charge.pk)[2] if charge else []

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        held = holds.open_hold(wallet_id, reference)
        if held is not None:
            return _release_part(book, wallet, held, amount, key=key, asked=asked)
        if charge is None:
            raise NotFound("Nothing was held or charged for %(reference)s", reference=reference)
        why = journal.checked_reason(reason, "description")
        return _refund_in(book, wallet, charge, amount, key=key, asked=asked, reason=why)

    locks: dict[str, Any] = {"wallets": [wallet_id], "others": ours}
    facts: dict[str, Any] = {"key": key, "at": at, "by_id": by_id}
    try:
        return journal.once(enter, asked=asked, **facts, **locks)
    except NotFound:
        # What was held may have been charged after we looked for a charge, before our locks.
        if charge is None and last_charge(wallet_id, reference) is not None:
            named: dict[str, Any] = {"wallet_id": wallet_id, "reference": reference}
            return refund_session(amount=amount, reason=reason, **named, **facts)
        raise


def credit_note(
    *,
    wallet_id: int,
    sale: Sale,
    reason: str,
    key: str,
    at: datetime,
    reference: str = "",
    by_id: int | None = None,
) -> JournalEntry:
    """Take ``sale`` back, net and taxes, into the wallet: the mirror image of a charge.

    Raises NotFound, DomainError, KeyUsed.
    """
    reason = journal.checked_reason(reason)
    lines = sales.checked(sale).lines(wallets.currency_of(wallet_id))
    asked = {"credit_note": wallet_id, "sale": sale.asked(), "for": reference, "reason": reason}

    def enter(book: Journal) -> JournalEntry:
        wallet = book.wallet(wallet_id)
        journal.checked_amount(sale.gross, wallet.currency)
        made = book.enter(
            kind=EntryKind.CREDIT_NOTE,
            key=key,
            asked=asked,
            lines=[(wallet, sale.gross), *((which, -part) for which, part in lines)],
            reference=reference,
            reason=reason,
        )
        owing.square(book, wallet, key=key)
        return made

    locks: dict[str, Any] = {"wallets": [wallet_id], "ours": [which for which, _ in lines]}
    return journal.once(enter, key=key, asked=asked, at=at, by_id=by_id, **locks)


def last_charge(wallet_id: int, reference: str) -> JournalEntry | None:
    """The newest charge for ``reference`` that stands."""
    charges = JournalEntry.objects.filter(kind=EntryKind.CHARGE, reference=reference)
    theirs = Account.objects.filter(wallet=wallet_id).values_list("pk", flat=True)
    mine = charges.filter(postings__account__in=[wallet_id, *theirs], reversed_by=None)
    return mine.order_by("-pk").first()


def _release_part(
    book: Journal, wallet: Account, held: JournalEntry, amount: Decimal, *, key: str, asked: Any
) -> JournalEntry:
    """Release what is held, and hold the rest anew; gives the release."""
    rest = holds.held_amount(held, wallet) - journal.checked_amount(amount, wallet.currency)
    if rest < 0:
        raise _too_much(rest + amount, wallet.currency)
    released = holds.release_in(book, wallet, held, key=key, asked=asked)
    if rest:
        holds.hold_in(book, wallet, rest, key=f"{key}/rest", asked=asked, reference=held.reference)
    return released


def _refund_in(
    book: Journal, wallet: Account, charge: JournalEntry, amount: Decimal, *, key: str, **facts: Any
) -> JournalEntry:
    shares = _shares(charge, journal.checked_amount(amount, wallet.currency), wallet.currency)
    made = book.enter(
        kind=EntryKind.REFUND,
        key=key,
        lines=[(wallet, amount), *((book.by_number[pk], -share) for pk, share in shares)],
        corrects=charge,
        reference=charge.reference,
        **facts,
    )
    owing.square(book, wallet, key=key)
    return made


def _charge(charge_id: int) -> tuple[JournalEntry, int, list[int]]:
    """A charge, its wallet, and our accounts it credited."""
    charge = JournalEntry.objects.filter(pk=charge_id).first()
    if charge is None:
        raise NotFound("There is no entry %(charge_id)s", charge_id=charge_id)
    if charge.kind != EntryKind.CHARGE:
        raise DomainError(
            "%(charge)s is no charge", fields={"charge": ["should be a charge"]}, charge=charge
        )
    rows = [posting.account for posting in charge.postings.select_related("account")]
    theirs = next((row for row in rows if row.kind in CUSTOMERS), None)
    if theirs is None:
        raise DomainError(
            "%(charge)s was charged to nobody we know: there is nobody to give it to", charge=charge
        )
    ours = [row.pk for row in rows if row.kind not in CUSTOMERS]
    return charge, theirs.wallet_id or theirs.pk, ours


def _shares(charge: JournalEntry, amount: Decimal, currency: str) -> list[tuple[int, Decimal]]:
    """``amount`` split as the charge was, so that what all its refunds split adds up to it."""
    if JournalEntry.objects.filter(reverses=charge).exists():
        raise Conflict("Entry %(charge)s was reversed already", charge=charge.pk)
    parts = _parts(charge)
    charged = sum((part.charged for part in parts), Decimal(0))
    given = sum((part.given for part in parts), Decimal(0))
    if amount > charged - given:
        raise _too_much(charged - given, currency)
    reached = money.shared_out(given + amount, [part.charged for part in parts], currency)
    return [
        (part.account_id, share - part.given) for part, share in zip(parts, reached, strict=True)
    ]


def _parts(charge: JournalEntry) -> list[_Part]:
    corrections = Posting.objects.filter(entry__corrects=charge, entry__reversed_by=None)
    sums = corrections.order_by().values("account").annotate(given=Sum("amount"))
    given = {row["account"]: -row["given"] for row in sums}
    ours = charge.postings.exclude(account__kind__in=CUSTOMERS).order_by("account")
    return [
        _Part(row.account_id, row.amount, given.get(row.account_id, Decimal(0))) for row in ours
    ]


def _too_much(left: Decimal, currency: str) -> Conflict:
    shown = f"{money.rounded(left, currency):f} {currency}"
    return Conflict(
        "Only %(shown)s is left of it", fields={"amount": ["is more than %(shown)s"]}, shown=shown
    )
