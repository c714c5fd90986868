"""Invoices: issued for a customer, for all who are due, credited; each customer one transaction.

Months are those of the issuer's clocks. Whatever was booked in a month stands on an invoice or
credit note of that month, so that these agree with the report of it.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Sum

from billing.errors import NoIssuer
from billing.models import (
    Account,
    AccountKind,
    EntryKind,
    Invoice,
    InvoiceKind,
    InvoiceRun,
    Issuer,
    JournalEntry,
)
from billing.services import accounts, invoice_items, invoice_rows
from billing.services.invoice_items import Item
from billing.services.invoice_rows import Series, Sheet
from cms.shared.errors import DomainError

_log = logging.getLogger(__name__)
_LATE = timedelta(days=35)  # what is booked in a batch that began before its month ended
_SETTLED = timedelta(hours=2)  # a month has to be over for so long
Place = tuple[str, int | None]  # which kind, and what it corrects


class Run(NamedTuple):
    """What one run came to; ``left``: customers that could not be invoiced now."""

    issued: int
    left: int


class Waiting(NamedTuple):
    """What waits for one customer."""

    wallet: Account
    rows: int
    gross: Decimal


def issuer() -> Issuer:
    """Who issues. Raises NoIssuer."""
    found = Issuer.objects.exclude(name="").first()
    if found is None:
        raise NoIssuer
    return found


@transaction.atomic
def issue(
    *,
    wallet_id: int,
    until: datetime,
    at: datetime,
    by_id: int | None = None,
    skip_locked: bool = False,
) -> list[Invoice]:
    """Invoice everything of one customer that was booked before ``until`` and is on no invoice.

    An invoice for each month, and credit notes for what takes back what was invoiced before; all
    or none. Nothing is invoiced twice, however often and from wherever this is called. Raises
    NoIssuer, NotFound where there is no such wallet (or, with ``skip_locked``, somebody has it).
    """
    by_whom = issuer()
    wallet = _locked(wallet_id, skip_locked)
    items = invoice_items.of_wallet(wallet, until=until)
    if not items:
        return []
    series = invoice_rows.locked_series(by_whom, at)
    return list(_written(items, series, wallet, by_whom, until=until, at=at, by_id=by_id))


def issue_due(*, at: datetime, by_id: int | None = None, again: bool = False) -> Run:
    """Invoice all customers for the months that are over; each its own transaction.

    Safe to run twice and side by side. A customer somebody else works on is left for a later run.
    What was done is not looked at again, unless ``again``. Raises NoIssuer.
    """
    until = over(at, issuer().zone)
    if not again and InvoiceRun.objects.filter(until=until).exists():
        return Run(0, 0)
    issued = left = 0
    for wallet_id in sorted({wallet for wallet, *_ in _sums(until, unfinished())}):
        try:
            made = issue(wallet_id=wallet_id, until=until, at=at, by_id=by_id, skip_locked=True)
        except (DomainError, DatabaseError) as error:  # of one customer: the others get theirs
            _log.warning("No invoice for wallet %s: %s", wallet_id, error)
            left += 1
        else:
            issued += len(made)
    if not left:
        done = InvoiceRun(until=until, finished_at=at, issued=issued)
        InvoiceRun.objects.bulk_create([done], ignore_conflicts=True)
    return Run(issued, left)


@transaction.atomic
def issue_now(
    *, wallet_ids: Collection[int], until: datetime, at: datetime, by_id: int | None = None
) -> list[Invoice]:
    """``issue`` for all wallets of a customer, all or none."""
    wanted = Account.objects.filter(pk__in=wallet_ids).order_by("pk")
    # All of them before the first series: who credits one of them has it, and waits for a series.
    wallets = list(wanted.select_for_update(no_key=True))
    facts: dict[str, Any] = {"until": until, "at": at, "by_id": by_id}
    return [made for wallet in wallets for made in issue(wallet_id=wallet.pk, **facts)]


def over(at: datetime, zone: str) -> datetime:
    """The end of the last month that is over for long enough to be invoiced."""
    return month_of(at - _SETTLED, zone)[0]


def note(
    *,
    invoice: Invoice,
    entries: list[JournalEntry],
    issuer: Issuer,
    reason: str,
    at: datetime,
    by_id: int | None,
) -> Invoice:
    """The credit note of ``entries``, which gave something of an invoice back just now.

    Part of the transaction that booked them: that one has the wallet.
    """
    wallet = invoice.wallet
    items = invoice_items.of_entries(entries, wallet)
    series = invoice_rows.locked_series(issuer, at)
    first, _ = month_of(at, issuer.zone)
    after = at + timedelta.resolution
    sheet = Sheet(InvoiceKind.CREDIT_NOTE, invoice.pk, first, after, items, reason=reason)
    return invoice_rows.write(
        sheet, series=series, wallet=wallet, issuer=issuer, at=at, by_id=by_id
    )


def waiting(*, until: datetime, wallet_id: int | None = None, limit: int = 50) -> list[Waiting]:
    """What ``issue`` would put on invoices, by customer, the most first. Three queries."""
    since = None if wallet_id else unfinished()
    sums: dict[int, list[Any]] = defaultdict(lambda: [0, Decimal(0)])
    for wallet, rows, gross in _sums(until, since, wallet_id):
        sums[wallet] = [sums[wallet][0] + rows, sums[wallet][1] + gross]
    most = sorted(sums.items(), key=lambda one: -one[1][1])[:limit]
    wallets = Account.objects.in_bulk([wallet for wallet, _ in most])
    return [Waiting(wallets[wallet], *found) for wallet, found in most]


def month_of(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The month ``at`` is in by the clocks of ``zone``: its beginning and that of the next."""
    local = at.astimezone(ZoneInfo(zone))
    first = datetime(local.year, local.month, 1, tzinfo=local.tzinfo)
    later = first + timedelta(days=32)
    following = datetime(later.year, later.month, 1, tzinfo=local.tzinfo)
    return first.astimezone(UTC), following.astimezone(UTC)


def month_named(text: str, zone: str) -> tuple[datetime, datetime]:
    """The month such as ``2026-01``, as ``month_of``. Raises DomainError where it is none."""
    found = re.fullmatch(r"([12][0-9]{3})-(0[1-9]|1[0-2])", text)
    if not found:
        raise DomainError(
            "The month should be a month such as 2026-01",
            fields={"month": ["should be a month such as 2026-01"]},
        )
    return month_of(datetime(int(found[1]), int(found[2]), 15, tzinfo=UTC), zone)


def _locked(wallet_id: int, skip_locked: bool) -> Account:
    """The wallet, which nobody else invoices or books on meanwhile."""
    skips = skip_locked and connection.features.has_select_for_update_skip_locked
    rows = Account.objects.filter(kind=AccountKind.WALLET)
    wallet = rows.select_for_update(skip_locked=skips, no_key=True).filter(pk=wallet_id).first()
    if wallet is None:
        raise accounts.no_wallet()
    return wallet


def _written(
    items: list[Item],
    series: Series,
    wallet: Account,
    issuer: Issuer,
    *,
    until: datetime,
    at: datetime,
    by_id: int | None,
) -> Iterator[Invoice]:
    """One month after the other: what is invoiced first may be corrected by the next."""
    placed: dict[Any, int] = {}
    owed = invoice_items.owed(wallet, until=until)
    for (first, last), group in groupby(items, lambda item: month_of(item.at, issuer.zone)):
        month = list(group)
        for (kind, corrects), some in _sorted_out(month, placed).items():
            payable = max(min(sum((item.gross for item in some), Decimal(0)), owed), Decimal(0))
            owed -= payable
            reason = "; ".join(dict.fromkeys(filter(None, (item.row.reason for item in some))))
            why = reason if kind == InvoiceKind.CREDIT_NOTE else ""
            sheet = Sheet(kind, corrects, first, min(last, until), some, payable, why)
            made = invoice_rows.write(
                sheet, series=series, wallet=wallet, issuer=issuer, at=at, by_id=by_id
            )
            placed |= {_name(item.row): made.pk for item in some}
            yield made


def _sorted_out(month: list[Item], placed: dict[Any, int]) -> dict[Place, list[Item]]:
    """Which of them stand together: the invoice first, then a credit note for each corrected."""
    here: dict[Any, Place] = {}
    sheets: dict[Place, list[Item]] = {(InvoiceKind.INVOICE, None): []}
    for item in month:
        place = _place(item, placed, here)
        here[_name(item.row)] = place
        sheets.setdefault(place, []).append(item)
    return {place: some for place, some in sheets.items() if some}


def _place(item: Item, placed: dict[Any, int], here: dict[Any, Place]) -> Place:
    """Where a row stands: beside what it takes back, or on a note that corrects its invoice."""
    of = item.of
    if of is None:
        gives = item.gross < 0  # a credit note of no session
        return (InvoiceKind.CREDIT_NOTE if gives else InvoiceKind.INVOICE, None)
    invoiced = invoice_items.invoice_of(of) or placed.get(_name(of))
    if item.gross > 0:  # a refund taken back is asked for again
        return here.get(_name(of), (InvoiceKind.INVOICE, None))
    if invoiced is None and getattr(item.row, "kind", "") != EntryKind.CREDIT_NOTE:
        return here.get(_name(of), (InvoiceKind.INVOICE, None))
    return (InvoiceKind.CREDIT_NOTE, invoiced)


def _name(row: Any) -> Any:
    return type(row), row.pk


def unfinished() -> datetime | None:
    """From when on something may have no invoice; what is older was done. None: all of it."""
    last = InvoiceRun.objects.order_by("-until").values_list("until", flat=True).first()
    return last - _LATE if last else None


def _sums(
    until: datetime, since: datetime | None, wallet_id: int | None = None
) -> Iterator[tuple[int, int, Decimal]]:
    """Wallet, rows and amount of what waits: of bills, then of what the ledger gave back."""
    bills = invoice_items.open_bills(billed_at__lt=until)
    entries = invoice_items.open_entries(
        booked_at__lt=until, postings__account__kind=AccountKind.WALLET
    )
    if since:
        bills, entries = bills.filter(billed_at__gte=since), entries.filter(booked_at__gte=since)
    if wallet_id:
        bills, entries = bills.filter(wallet=wallet_id), entries.filter(postings__account=wallet_id)
    yield from bills.values_list("wallet").annotate(Count("pk"), Sum("gross"))
    given = entries.values_list("postings__account").annotate(Count("pk"), Sum("postings__amount"))
    yield from ((wallet, rows, -amount) for wallet, rows, amount in given)
