"""Reconciliation: what the bills of a time say, and what the ledger says, worked out apart.

Bills are summed by ``SessionBill.billed_at``; the ledger by the postings on our income and tax
accounts and their ``booked_at``. What was given back is summed on the customers' accounts for the
report, and on ours for the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from billing.models import Account, AccountKind, EntryKind, Posting
from billing.models.ledger import CUSTOMERS
from billing.reports.scope import GROUPS, Scope

_GIVEN_BACK = (EntryKind.REFUND, EntryKind.CREDIT_NOTE)
_OURS = (AccountKind.INCOME, AccountKind.TAX)


class Line(NamedTuple):
    """Both sides in one currency. ``given_back`` is below zero; so is what it took of ours."""

    currency: str
    billed_net: Decimal
    billed_tax: Decimal
    given_back: Decimal
    income: Decimal
    tax: Decimal
    taken_back: Decimal
    other: Decimal

    @property
    def report_total(self) -> Decimal:
        """What was billed, less what was given back."""
        return self.billed_net + self.billed_tax + self.given_back

    @property
    def ledger_total(self) -> Decimal:
        """Everything booked on income and tax."""
        return self.income + self.tax + self.taken_back + self.other

    @property
    def difference(self) -> Decimal:
        """How much more the ledger says; with parts that differ it may still be nothing."""
        return self.ledger_total - self.report_total

    @property
    def agrees(self) -> bool:
        """Whether both sides are the same, part by part."""
        ours = (self.income, self.tax, self.taken_back, self.other)
        return ours == (self.billed_net, self.billed_tax, self.given_back, Decimal(0))


def reconciliation(scope: Scope) -> list[Line]:
    """One line for each currency, of the whole time: what ``scope.only`` chooses is no matter.

    The ledger does not know sites and stations; who is limited to some sees none of it.
    Three queries, and one for the accounts.
    """
    if scope.sites is not None:
        return []
    everything = scope._replace(only=(), currency="")
    billed = _billed(everything)
    given = given_back(everything)
    booked = _booked(scope)
    currencies = sorted({*billed, *given, *(currency for currency, _ in booked)})
    return [_line(currency, billed, given, booked) for currency in currencies]


def _line(currency: str, billed: Any, given: Any, booked: Any) -> Line:
    nothing = Decimal(0)
    net, tax = billed.get(currency, (nothing, nothing))
    parts = (booked.get((currency, part), nothing) for part in (*_OURS, "back", "other"))
    return Line(currency, net, tax, given.get(currency, nothing), *parts)


def _billed(scope: Scope) -> dict[str, tuple[Decimal, Decimal]]:
    rows = scope.bills().values("currency").annotate(sum_net=Sum("net"), sum_tax=Sum("tax"))
    return {row["currency"]: (row["sum_net"], row["sum_tax"]) for row in rows}


def given_back(scope: Scope) -> dict[str, Decimal]:
    """Refunds and credit notes, less what was reversed of them, by currency; below zero.

    By the customers' side: what came to them goes off what we earned. Where ``scope.only`` chooses,
    only refunds of charges whose bills it chooses; a credit note is of no bill. One query.
    """
    rows = Posting.objects.filter(
        entry__booked_at__gte=scope.since,
        entry__booked_at__lt=scope.until,
        account__kind__in=CUSTOMERS,
    )
    if scope.only:
        chosen = {GROUPS[name][0]: number for name, number in scope.only}
        rows = rows.filter(_of_bills("entry", chosen) | _of_bills("entry__reverses", chosen))
    if scope.sites is not None:
        theirs = {"site__in": scope.sites}
        rows = rows.filter(_of_bills("entry", theirs) | _of_bills("entry__reverses", theirs))
    if scope.currency:
        rows = rows.filter(account__currency=scope.currency)
    meant = rows.annotate(what=_what_it_is()).filter(what__in=_GIVEN_BACK).order_by()
    sums = meant.values("account__currency").annotate(sum=Sum("amount"))
    return {row["account__currency"]: -row["sum"] for row in sums}


def _of_bills(entry: str, chosen: Mapping[str, Any]) -> Q:
    """What ``entry`` gives back was charged by a bill that is chosen."""
    return Q(**{f"{entry}__corrects__bill__{field}": number for field, number in chosen.items()})


def _booked(scope: Scope) -> dict[tuple[str, str], Decimal]:
    """By our side: charges by income and tax, and what was given back or is anything else."""
    # The accounts first: there are few, and the index on postings begins with them.
    ours = list(Account.objects.filter(kind__in=_OURS).order_by().values_list("pk", flat=True))
    rows = Posting.objects.filter(
        account__in=ours, booked_at__gte=scope.since, booked_at__lt=scope.until
    )
    grouped = rows.order_by().annotate(what=_what_it_is())
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    of = ("account__currency", "account__kind", "what")
    for row in grouped.values(*of).annotate(sum=Sum("amount")):
        part = _part(row["what"], row["account__kind"])
        found[row["account__currency"], part] += row["sum"]
    return found


def _what_it_is() -> Coalesce:
    """The kind of a posting's entry, or of the one it reverses."""
    return Coalesce(F("entry__reverses__kind"), F("entry__kind"))


def _part(what: str, kind: str) -> str:
    if what == EntryKind.CHARGE:
        return kind
    return "back" if what in _GIVEN_BACK else "other"
