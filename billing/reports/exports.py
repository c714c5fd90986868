"""A report's bills as rows of a file, and as CSV, batch by batch: memory stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.reports.scope import Scope
from cms.shared import money, spreadsheets

BATCH = 2000
COLUMNS = (
    *("bill", "kind", "session", "revision", "takes_back", "billed_at", "started_at", "ended_at"),
    *("site", "station", "paid_by", "driver", "card_group", "tariff", "version", "country"),
    *("kwh", "charging_seconds", "idle_seconds", "currency", "net", "tax", "gross", "reason"),
)
# What of a bill each column is, in their order. Values, not rows: those cost five times as much.
_VALUES = (
    *("pk", "kind", "session_id", "revision", "reverses_id"),
    *("billed_at", "started_at", "ended_at"),
    *("site__name", "session__station__cp_id", "wallet__name", "driver__username"),
    *("card_group__name", "version__tariff__name", "version__number", "country"),
    *("energy_wh", "charging_seconds", "idle_seconds", "currency"),
    *("net", "tax", "gross", "reason"),
)
_Bill = tuple[Any, ...]


def rows(scope: Scope, *, batch: int = BATCH) -> Iterator[tuple[Any, ...]]:
    """One tuple of COLUMNS for each bill and reversal, by the time it was made.

    Amounts are Decimals in whole minor units; times have the zone of the scope.
    """
    zone = ZoneInfo(scope.zone)
    for bill in _in_order(scope, batch):
        yield _row(zone, *bill)


def csv_text(scope: Scope, *, batch: int = BATCH) -> Iterator[str]:
    """The file in pieces of ``batch`` rows: UTF-8 with a BOM, commas, CRLF, names first."""
    yield from as_csv(rows(scope, batch=batch), batch=batch)


def as_csv(found: Iterable[tuple[Any, ...]], *, batch: int = BATCH) -> Iterator[str]:
    """The same of rows that are there already."""
    return spreadsheets.as_csv(COLUMNS, found, batch=batch)


def _in_order(scope: Scope, batch: int) -> Iterator[_Bill]:
    """Behind the last of each batch, not by OFFSET or a cursor that is kept open."""
    found = scope.bills().order_by("billed_at", "id").values_list(*_VALUES)
    behind = Q()
    while True:
        some = list(found.filter(behind)[:batch])
        yield from some
        if len(some) < batch:
            return
        number, last = some[-1][0], some[-1][_VALUES.index("billed_at")]
        # The first condition is what the index needs, the second what is right.
        behind = Q(billed_at__gte=last) & (Q(billed_at__gt=last) | Q(id__gt=number))


def _row(zone: ZoneInfo, *bill: Any) -> tuple[Any, ...]:
    numbers, times, names, rest = bill[:5], bill[5:8], bill[8:16], bill[16:]
    energy_wh, charging, idle, currency, *amounts, reason = rest
    return (
        *numbers,
        *(_local(moment, zone) for moment in times),
        *names,
        *(Decimal(energy_wh).scaleb(-3), charging, idle, currency),
        *(money.rounded(amount, currency) for amount in amounts),
        reason,
    )


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment and moment.astimezone(zone)
