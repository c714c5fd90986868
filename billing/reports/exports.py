"""A report's bills as rows of a file, and as CSV, batch by batch: memory stays the same."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.models import SessionBill
from billing.reports.scope import Scope
from cms.shared import money

BATCH = 2000
BOM = "\ufeff"  # without it Excel reads UTF-8 as the code page of its country
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    *("bill", "kind", "session", "revision", "takes_back", "billed_at", "started_at", "ended_at"),
    *("site", "station", "paid_by", "driver", "card_group", "tariff", "version", "country"),
    *("kwh", "charging_seconds", "idle_seconds", "currency", "net", "tax", "gross", "reason"),
)
_WITH = ("wallet", "version__tariff", "session__station__site")
_CARD = ("session__card__user", "session__card__group")


def rows(scope: Scope, *, batch: int = BATCH) -> Iterator[tuple[Any, ...]]:
    """One tuple of COLUMNS for each bill and reversal, by the time it was made.

    Amounts are Decimals in whole minor units; times have the zone of the scope.
    """
    zone = ZoneInfo(scope.zone)
    for bill in _in_order(scope, batch):
        yield _row(bill, zone)


def csv_text(scope: Scope, *, batch: int = BATCH) -> Iterator[str]:
    """The file in pieces of ``batch`` rows: UTF-8 with a BOM, commas, CRLF, names first."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows(scope, batch=batch), 1):
        writer.writerow([_cell(value) for value in row])
        if number % batch == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def harmless(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _in_order(scope: Scope, batch: int) -> Iterator[SessionBill]:
    """Behind the last of each batch, not by OFFSET or a cursor that is kept open."""
    found = scope.bills().select_related(*_WITH, *_CARD).order_by("billed_at", "id")
    behind = Q()
    while True:
        some = list(found.filter(behind)[:batch])
        yield from some
        if len(some) < batch:
            return
        last = some[-1]
        # The first condition is what the index needs, the second what is right.
        behind = Q(billed_at__gte=last.billed_at) & (
            Q(billed_at__gt=last.billed_at) | Q(id__gt=last.pk)
        )


def _row(bill: SessionBill, zone: ZoneInfo) -> tuple[Any, ...]:
    session, card = bill.session, bill.session.card
    site, user, group = session.station.site, card and card.user, card and card.group
    times = (_local(moment, zone) for moment in (bill.billed_at, bill.started_at, bill.ended_at))
    amounts = (money.rounded(amount, bill.currency) for amount in (bill.net, bill.tax, bill.gross))
    return (
        *(bill.pk, bill.kind, session.pk, bill.revision, bill.reverses_id, *times),
        *(site and site.name, session.station.cp_id, bill.wallet and bill.wallet.name),
        *(user and user.get_username(), group and group.name),
        *(bill.version.tariff.name, bill.version.number, bill.country),
        *(Decimal(bill.energy_wh).scaleb(-3), bill.charging_seconds, bill.idle_seconds),
        *(bill.currency, *amounts, bill.reason),
    )


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment and moment.astimezone(zone)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(value) if isinstance(value, str) else value


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
