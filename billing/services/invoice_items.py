"""What waits to be invoiced: bills, what takes them back, and what the ledger gave back of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet, Sum

from billing.models import (
    Account,
    AccountKind,
    BillKind,
    BillLine,
    EntryKind,
    InvoiceLine,
    JournalEntry,
    Posting,
    SessionBill,
)
from cms.shared import money

GIVES_BACK = (EntryKind.REFUND, EntryKind.CREDIT_NOTE)
_OF_ENTRIES = Q(kind__in=GIVES_BACK) | Q(reverses__kind__in=GIVES_BACK)
_BILLS_WITH = (
    *("session__station", "site", "driver"),
    *("reverses__invoice_line", "version__tariff"),
)
_ENTRIES_WITH = (
    *("corrects__bill__invoice_line", "reverses__invoice_line"),
    "reverses__corrects__bill",
)
Rates = dict[tuple[str, Decimal], tuple[Decimal, Decimal]]  # net and tax by country and rate


class Item(NamedTuple):
    """One line of an invoice to come. ``of``: the bill or entry whose invoice it follows."""

    row: SessionBill | JournalEntry
    of: SessionBill | JournalEntry | None
    at: datetime  # when it was booked
    rates: Rates
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.net + self.tax


def open_bills(**within: Any) -> QuerySet[SessionBill]:
    """Bills and reversals of customers that stand on no invoice; what costs nothing never does."""
    found = SessionBill.objects.filter(invoice_line=None, wallet__isnull=False, **within)
    return found.exclude(gross=Decimal(0)).order_by()


def open_entries(**within: Any) -> QuerySet[JournalEntry]:
    """Refunds, credit notes and their reversals that stand on no invoice.

    A refund of a charge without a bill never will: that charge stands on none.
    """
    found = JournalEntry.objects.filter(_OF_ENTRIES, invoice_line=None, **within)
    nothing_billed = Q(kind=EntryKind.REFUND, corrects__bill=None) | Q(
        reverses__kind=EntryKind.REFUND, reverses__corrects__bill=None
    )
    return found.exclude(nothing_billed).order_by()


def of_wallet(wallet: Account, *, until: datetime) -> list[Item]:
    """All that waits for one customer and was booked before ``until``, oldest first.

    A fixed number of queries. Lock the wallet where that has to stay.
    """
    bills = open_bills(wallet=wallet, billed_at__lt=until).select_related(*_BILLS_WITH)
    lines = Prefetch("lines", BillLine.objects.order_by("number"))
    entries = open_entries(booked_at__lt=until, postings__account=wallet)
    found = [
        *(_of_bill(bill) for bill in bills.prefetch_related(lines)),
        *of_entries(entries.select_related(*_ENTRIES_WITH), wallet),
    ]
    # What takes something back stands behind it, also where both came at once.
    return sorted(
        found, key=lambda item: (item.at, isinstance(item.row, JournalEntry), item.row.pk)
    )


def owed(wallet: Account, *, until: datetime) -> Decimal:
    """What the customer has not paid of all that was booked before ``until``.

    Who prepaid owes nothing, nor whose card was charged: that money is in the wallet.
    """
    sides = sum(wallet.sides.values_list("balance", flat=True), Decimal(0))
    later = open_bills(wallet=wallet, billed_at__gte=until).aggregate(sum=Sum("gross"))["sum"]
    return max(-(wallet.balance + sides + (later or Decimal(0))), Decimal(0))


def written(rates: Rates) -> list[list[str]]:
    """By country and rate as it is stored: [country, rate, net, tax]."""
    return [
        [country, f"{rate.normalize():f}", f"{net:.4f}", f"{tax:.4f}"]
        for (country, rate), (net, tax) in sorted(rates.items())
    ]


def added(many: Iterable[Rates]) -> Rates:
    """All together."""
    sums: Rates = {}
    for rates in many:
        for key, (net, tax) in rates.items():
            before = sums.get(key, (Decimal(0), Decimal(0)))
            sums[key] = (before[0] + net, before[1] + tax)
    return sums


def _of_bill(bill: SessionBill) -> Item:
    return Item(bill, bill.reverses, bill.billed_at, _bill_rates(bill), bill.net, bill.tax)


def _bill_rates(bill: SessionBill) -> Rates:
    """As it was booked: the sums of its lines, not a tax worked out anew from the total."""
    return added(
        {(bill.country, line.tax_rate.normalize()): (line.net, line.tax)}
        for line in bill.lines.all()
    )


def of_entries(rows: Iterable[JournalEntry], wallet: Account) -> list[Item]:
    """Entries of ``open_entries`` as lines of an invoice to come."""
    entries = list(rows)
    if not entries:
        return []
    charged = _bills_of(entries, wallet)
    moved: dict[int, list[Posting]] = defaultdict(list)
    ours = Posting.objects.filter(
        entry__in=entries, account__kind__in=[AccountKind.INCOME, AccountKind.TAX]
    )
    for posting in ours.select_related("account"):
        moved[posting.entry_id].append(posting)
    return [_of_entry(entry, moved[entry.pk], charged, wallet.currency) for entry in entries]


def _of_entry(
    entry: JournalEntry, ours: list[Posting], charged: dict[int, SessionBill], currency: str
) -> Item:
    given = entry.reverses or entry  # what was given back, now or before
    bill = charged.get(given.pk)
    net = sum((row.amount for row in ours if row.account.kind == AccountKind.INCOME), Decimal(0))
    taxes = {
        (row.account.country, (row.account.tax_rate or Decimal(0)).normalize()): row.amount
        for row in ours
        if row.account.kind == AccountKind.TAX
    }
    of = entry.reverses or bill
    tax = sum(taxes.values(), Decimal(0))
    return Item(entry, of, entry.booked_at, _entry_rates(net, taxes, bill, currency), net, tax)


def _entry_rates(
    net: Decimal, taxes: dict[tuple[str, Decimal], Decimal], bill: SessionBill | None, currency: str
) -> Rates:
    """The net amount goes to the rates as in the bill it is of, else as their taxes say."""
    if bill is not None:
        shares = {key: part for key, (part, _) in _bill_rates(bill).items()}
    else:
        shares = {key: abs(tax) * 100 / key[1] for key, tax in taxes.items() if key[1]}
    keys = sorted({*shares, *taxes}) or [("", Decimal(0))]
    weights = [abs(shares.get(key, Decimal(0))) for key in keys]
    if not any(weights):
        weights = [Decimal(1)] * len(keys)
    parts = money.shared_out(net, weights, currency)
    return {key: (part, taxes.get(key, Decimal(0))) for key, part in zip(keys, parts, strict=True)}


def _bills_of(entries: list[JournalEntry], wallet: Account) -> dict[int, SessionBill]:
    """The bill each of them gives something back of, by what gave it back.

    Of a refund that of its charge; of a credit note the session's newest, if it names one.
    """
    given = [entry.reverses or entry for entry in entries]
    charges = {entry.pk: entry.corrects_id for entry in given if entry.corrects_id}
    sessions = {
        entry.pk: int(number)
        for entry in given
        if entry.kind == EntryKind.CREDIT_NOTE
        and (number := entry.reference.removeprefix("session/")) != entry.reference
        and number.isascii()
        and number.isdigit()
        and len(number) < 19
    }
    rows = SessionBill.objects.filter(wallet=wallet, kind=BillKind.BILL)
    of = Q(entry__in=charges.values()) | Q(session__in=sessions.values(), reversed_by=None)
    found = list(rows.filter(of).select_related("invoice_line").prefetch_related("lines"))
    by_charge = {bill.entry_id: bill for bill in found}
    by_session = {bill.session_id: bill for bill in found}
    return {
        **{pk: by_charge[charge] for pk, charge in charges.items() if charge in by_charge},
        **{pk: by_session[number] for pk, number in sessions.items() if number in by_session},
    }


def invoice_of(row: SessionBill | JournalEntry) -> int | None:
    """The invoice that ``row`` stands on, if any."""
    line: InvoiceLine | None = getattr(row, "invoice_line", None)
    return line.invoice_id if line else None
