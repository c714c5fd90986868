"""What a time comes to, as a document: texts and whole numbers only, so that it can be sealed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q

from billing.models import Account, BillKind, Posting
from billing.models.ledger import INCOME_AND_TAX
from billing.reports import books, tables
from billing.reports.scope import Scope
from billing.reports.tables import Row, Sums, Table

Figures = dict[str, Any]
# Not by driver and owner: these may be very many, and names of people are not kept for ever.
GROUPED = ("site", "station", "card_group", "tariff")
_PLACES = Decimal("0.0001")
_PARTS = ("billed_net", "billed_tax", "given_back", "income", "tax", "taken_back", "other")


def of(scope: Scope) -> Figures:
    """Totals, tax and groups by currency, how much there is, and the ledger beside it. 13 queries.

    The same rows give the same document: amounts are texts with four decimals.
    """
    groups = {by: tables.groups(scope, by=by) for by in GROUPED}
    return {
        **_counts(scope),
        "currencies": [_currency(table, groups) for table in tables.tables(scope, by="tariff")],
        "reconciliation": [
            {"currency": line.currency, **{part: _text(getattr(line, part)) for part in _PARTS}}
            for line in books.reconciliation(scope)
        ],
    }


def _counts(scope: Scope) -> Figures:
    bills: Any = scope.bills().aggregate(
        bills=Count("pk", filter=Q(kind=BillKind.BILL)),
        reversals=Count("pk", filter=Q(kind=BillKind.REVERSAL)),
        last_bill=Max("pk"),
    )
    ours = Account.objects.filter(kind__in=INCOME_AND_TAX).order_by()
    booked = Posting.objects.filter(
        account__in=list(ours.values_list("pk", flat=True)),
        booked_at__gte=scope.since,
        booked_at__lt=scope.until,
    )
    entries = booked.aggregate(entries=Count("entry", distinct=True), last_entry=Max("entry"))
    return {**bills, **entries}


def _currency(table: Table, groups: dict[str, dict[str, list[Row]]]) -> Figures:
    return {
        "currency": table.currency,
        **_sums(table.total),
        "vat": [
            {
                "country": vat.country,
                "rate": f"{vat.rate.normalize():f}",
                **_amounts(vat.net, vat.tax, vat.gross),
            }
            for vat in table.vat
        ],
        "groups": {
            by: [_row(row) for row in found[table.currency]] for by, found in groups.items()
        },
    }


def _row(row: Row) -> Figures:
    return {"key": row.key, "name": row.name, **_sums(row.sums)}


def _sums(sums: Sums) -> Figures:
    amounts = _amounts(sums.net, sums.tax, sums.gross)
    return {"sessions": sums.sessions, "energy_wh": int(sums.energy_wh), **amounts}


def _amounts(net: Decimal, tax: Decimal, gross: Decimal) -> Figures:
    return {"net": _text(net), "tax": _text(tax), "gross": _text(gross)}


def _text(amount: Decimal) -> str:
    return f"{Decimal(amount).quantize(_PLACES):f}"
