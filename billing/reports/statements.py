"""Statements of a customer's account: what it had, what was charged, given back and paid.

All three accounts of a customer count together: what is held for a session or owed is theirs, too,
so that holds and what collects them are nothing that happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from billing.documents.canvas import Frame
from billing.documents.pages import Column, Pages
from billing.models import Account, EntryKind, Issuer, JournalEntry, Posting, SessionBill
from billing.models.fields import MoneyField
from billing.reports import papers
from cms.shared.errors import Conflict
from stations.models import ChargingSession

MOST = 5000  # lines of a PDF
_INTERNAL = (EntryKind.HOLD, EntryKind.RELEASE, EntryKind.COLLECTION)
_WHAT = {
    "charged": [EntryKind.CHARGE],
    "given_back": [EntryKind.REFUND, EntryKind.CREDIT_NOTE],
    "paid": [EntryKind.TOP_UP, EntryKind.PAY_OUT],
}
_OF_LINE = {
    "kind": "entry__kind",
    "at": "entry__at",
    "reference": "entry__reference",
    "description": "entry__description",
    "site": "entry__bill__site__name",
    "station": "entry__bill__session__station__cp_id",
    "driver": "entry__bill__driver__username",
    "energy_wh": "entry__bill__energy_wh",
}


class Statement(NamedTuple):
    """A customer's account from ``since`` until (not including) ``until``, as it was booked.

    Amounts above zero are the customer's. ``credits`` and ``debits`` are the same once more, by
    their sign.
    """

    wallet: Account
    accounts: list[int]  # the wallet, and what is held and owed beside it
    since: datetime
    until: datetime
    opening: Decimal
    charged: Decimal
    given_back: Decimal
    paid: Decimal
    other: Decimal
    credits: Decimal
    debits: Decimal

    @property
    def closing(self) -> Decimal:
        """What it had in the end."""
        return self.opening + self.credits + self.debits


class Line(NamedTuple):
    """Something that happened, and what the customer had after it."""

    at: datetime
    what: str
    energy_wh: int
    amount: Decimal
    balance: Decimal


def statement(wallet: Account, *, since: datetime, until: datetime) -> Statement:
    """The sums. Four queries; a month that is over never changes."""
    accounts = [wallet.pk, *wallet.sides.values_list("pk", flat=True)]
    rows = _postings(accounts)
    before = rows.filter(booked_at__lt=since).aggregate(sum=Sum("amount"))["sum"]
    within = rows.filter(booked_at__gte=since, booked_at__lt=until)
    whens = [When(what__in=kinds, then=Value(name)) for name, kinds in _WHAT.items()]
    by_what = within.annotate(
        part=Case(*whens, default=Value("other"), output_field=CharField())
    ).values("part")
    sums = dict.fromkeys((*_WHAT, "other", "credits", "debits"), Decimal(0))
    above, below = Q(amount__gt=Decimal(0)), Q(amount__lt=Decimal(0))
    for row in by_what.annotate(
        total=Sum("amount"), above=Sum("amount", filter=above), below=Sum("amount", filter=below)
    ):
        sums[row["part"]] += row["total"]
        sums["credits"] += row["above"] or Decimal(0)
        sums["debits"] += row["below"] or Decimal(0)
    return Statement(wallet, accounts, since, until, before or Decimal(0), **sums)


def lines(found: Statement) -> Iterator[Line]:
    """What happened, in order. Raises Conflict where that is more than MOST."""
    within = _within(found)
    named = {name: F(path) for name, path in _OF_LINE.items()}
    rows = (
        within.values("entry", "booked_at", **named)
        .annotate(sum=Sum("amount"))
        .order_by("booked_at", "entry")
    )
    some: list[dict[str, Any]] = list(rows[: MOST + 1])  # type: ignore[arg-type]
    if len(some) > MOST:
        raise Conflict("More than %(most)s lines: choose a shorter time", most=f"{MOST:,}")
    balance = found.opening
    for row in some:
        balance += row["sum"]
        yield Line(row["at"], _text(row), row["energy_wh"] or 0, row["sum"], balance)


def entries(found: Statement) -> QuerySet[JournalEntry]:
    """What happened, as entries each with its ``amount`` to the customer; in no order."""
    within = _within(found)
    theirs = within.filter(entry=OuterRef("pk")).values("entry").annotate(sum=Sum("amount"))
    return JournalEntry.objects.filter(pk__in=within.values("entry")).annotate(
        amount=Subquery(theirs.values("sum"), output_field=MoneyField())
    )


def with_balances(found: Statement, page: Sequence[Any]) -> Sequence[Any]:
    """Entries that follow each other, with ``balance_after``, ``session_id`` and ``site_name``.

    The site is the one the session's bill remembers, else where its station stands.
    """
    if not page:
        return page
    within = _within(found)
    earlier = within.filter(entry__lt=page[0].pk).aggregate(sum=Sum("amount"))["sum"]
    balance = found.opening + (earlier or Decimal(0))
    sites = _sites({number for entry in page if (number := _session_of(entry.reference))})
    for entry in page:
        balance += entry.amount
        entry.balance_after, entry.session_id = balance, _session_of(entry.reference)
        entry.site_name = sites.get(entry.session_id) or ""
    return page


def _sites(session_ids: set[int]) -> dict[int | None, str | None]:
    billed = SessionBill.objects.filter(session=OuterRef("pk")).order_by("-revision")
    name = Coalesce(Subquery(billed.values("site__name")[:1]), "station__site__name")
    sessions = ChargingSession.objects.filter(pk__in=session_ids).order_by()
    return dict(sessions.values_list("pk", name))


def _session_of(reference: str) -> int | None:
    """The session that an entry's reference names."""
    word, _, number = reference.partition("/")
    named = word == "session" and number.isascii() and number.isdigit()
    return int(number) if named and len(number) < 11 else None


def pdf(found: Statement, *, zone: str, at: datetime) -> bytes:
    """The statement as a file, made ``at`` a moment; times by the clocks of ``zone``."""
    wallet, currency = found.wallet, found.wallet.currency
    customer = wallet.company or wallet.user
    pages = Pages(_frame(Issuer.objects.first(), at))
    pages.heading("Statement of account", size=15)
    address = wallet.company.address.splitlines() if wallet.company else []
    pages.beside([str(customer), *address], _facts(found, zone))
    columns = [
        Column("When", 1.7),
        Column("What", 4.5),
        Column("kWh", 1.1, right=True),
        Column(currency, 1.3, right=True),
        Column("Balance", 1.4, right=True),
    ]
    opening = ["", "Opening balance", "", "", papers.amount(found.opening, currency)]
    rows = [_row(line, currency, zone) for line in lines(found)]
    closing = ["", "Closing balance", "", "", papers.amount(found.closing, currency)]
    pages.table(columns, [opening, *rows], totals=[closing])
    return pages.finished()


def _within(found: Statement) -> QuerySet[Posting]:
    rows = _postings(found.accounts)
    return rows.filter(booked_at__gte=found.since, booked_at__lt=found.until)


def _postings(accounts: list[int]) -> QuerySet[Posting]:
    """On the customer's three accounts, without what only moves between them.

    They come as numbers: the index on postings begins with them.
    """
    rows = Posting.objects.filter(account__in=accounts)
    return rows.annotate(what=_kind()).exclude(entry__kind__in=_INTERNAL).order_by()


def _kind() -> Coalesce:
    return Coalesce(F("entry__reverses__kind"), F("entry__kind"))


def _text(row: dict[str, Any]) -> str:
    words = [str(EntryKind(row["kind"]).label), row["reference"].replace("/", " ")]
    place = ", ".join(filter(None, [row["site"], row["station"], row["driver"]]))
    told = place or (row["description"] if row["kind"] != EntryKind.CHARGE else "")
    return ", ".join(filter(None, [" ".join(filter(None, words)), told]))


def _row(line: Line, currency: str, zone: str) -> list[str]:
    return [
        papers.minute(line.at, zone),
        line.what,
        papers.kwh(line.energy_wh),
        papers.amount(line.amount, currency),
        papers.amount(line.balance, currency),
    ]


def _facts(found: Statement, zone: str) -> list[tuple[str, str]]:
    currency = found.wallet.currency
    names = ("opening", "charged", "given_back", "paid", "other", "closing")
    shown = [(name, getattr(found, name)) for name in names]
    return [
        ("Booked in", papers.days(found.since, found.until, zone)),
        *(
            (name.replace("_", " ").capitalize(), f"{papers.amount(value, currency)} {currency}")
            for name, value in shown
            if value or name != "other"
        ),
    ]


def _frame(issuer: Issuer | None, at: datetime) -> Frame:
    if issuer is None:
        return Frame("Statement of account", at)
    return Frame(
        "Statement of account",
        at,
        (issuer.name, *issuer.address.splitlines()),
        tuple(filter(None, [issuer.contact])),
    )
