"""Proof of closed periods: their seals, that they follow each other, and that rows still say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.models import BillingPeriod
from billing.reports import figures
from billing.reports.scope import Scope
from billing.services import seals


def problems() -> Iterator[str]:
    """What is wrong, sentence by sentence; nothing where all is proved.

    Every period's figures are worked out anew from the bills and the ledger: read-only, one period
    in memory at a time.
    """
    last: BillingPeriod | None = None
    for period in BillingPeriod.objects.order_by("number").iterator(chunk_size=1):
        yield from _chained(period, last)
        if seals.seal(period) != period.hash:
            yield f"{period} is not what was sealed: its row was changed"
        yield from _recomputed(period)
        last = period


def _chained(period: BillingPeriod, last: BillingPeriod | None) -> Iterator[str]:
    number = last.number + 1 if last else 1
    if period.number != number:
        yield f"{period} is there where {number} should be"
    if period.previous_hash != (last.hash if last else ""):
        yield f"{period} does not go on from the seal before it"
    if last is not None and period.since != last.until:
        yield f"{period} begins at {period.since}, the one before it ended at {last.until}"


def _recomputed(period: BillingPeriod) -> Iterator[str]:
    found = figures.of(Scope(period.since, period.until, period.zone))
    kept = {name: value for name, value in period.snapshot.items() if name in found}
    for path, sealed, now in differences(kept, found):
        yield f"{period}: {path} was {sealed} when it was closed, the rows say {now}"


def differences(kept: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two documents differ: path, the one, the other. Names may change and do not count."""
    if isinstance(kept, dict) and isinstance(found, dict):
        for name in sorted(kept.keys() | found.keys()):
            if name != "name":
                yield from differences(kept.get(name), found.get(name), f"{path}/{name}".strip("/"))
    elif isinstance(kept, list) and isinstance(found, list):
        yield from differences(_by_key(kept), _by_key(found), path)
    elif kept != found:
        yield path, kept, found


def _by_key(rows: list[Any]) -> dict[str, Any]:
    """Rows by what tells them apart, whatever order their names put them in."""
    return {
        "/".join(
            str(row[part]) for part in ("currency", "country", "rate", "key") if part in row
        ): row
        for row in rows
    }
