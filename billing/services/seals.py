"""Seals of closed periods: SHA-256 over one spelling of a row, and over the seal before it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from billing.models import BillingPeriod


def seal(period: BillingPeriod) -> str:
    """The hash of ``period``, 64 hexadecimal digits; nothing but its row is needed for it."""
    return hashlib.sha256(canonical(period).encode()).hexdigest()


def canonical(period: BillingPeriod) -> str:
    """The row as JSON: names in order, no spaces, times in UTC with microseconds."""
    row: dict[str, Any] = {
        "number": period.number,
        "since": _moment(period.since),
        "until": _moment(period.until),
        "zone": period.zone,
        "closed_at": _moment(period.closed_at),
        "closed_by": period.closed_by_id,
        "note": period.note,
        "snapshot": period.snapshot,
        "previous": period.previous_hash,
    }
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
