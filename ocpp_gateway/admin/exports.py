"""The log as a file, as it is filtered: JSON Lines or CSV, made while it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from django.db.models import QuerySet

from cms.shared import spreadsheets
from ocpp_gateway.admin import payloads
from ocpp_gateway.models import OcppMessage

MOST = 100_000  # exchanges in one file: the newest
_BATCH = 500  # of them in memory
_COLUMNS = (
    *("id", "at", "station", "direction", "action", "message_id"),
    *("error_code", "latency_ms", "request", "response"),
)


def as_json_lines(rows: QuerySet[OcppMessage]) -> Iterator[str]:
    """An object for each exchange, newest first; what was JSON on the wire is JSON in it."""
    for batch in _batches(rows):
        yield "".join(_json(row) for row in batch)


def as_csv(rows: QuerySet[OcppMessage]) -> Iterator[str]:
    """The same as a table; what was said stands in it as text."""
    found = (tuple(_values(row).values()) for batch in _batches(rows) for row in batch)
    return spreadsheets.as_csv(_COLUMNS, found, batch=_BATCH)


Made = Callable[[QuerySet[OcppMessage]], Iterator[str]]
# By the end of the file's name: how it is made, and what it is.
FORMATS: dict[str, tuple[Made, str]] = {
    "jsonl": (as_json_lines, "application/x-ndjson; charset=utf-8"),
    "csv": (as_csv, spreadsheets.TYPE),
}


def _batches(rows: QuerySet[OcppMessage]) -> Iterator[list[OcppMessage]]:
    """Behind the last of each batch: no OFFSET, and no cursor that is kept open."""
    ordered = rows.defer(None).select_related("station").order_by("-pk")
    last: int | None = None
    left = MOST
    while left > 0:
        behind = ordered if last is None else ordered.filter(pk__lt=last)
        batch = list(behind[: min(_BATCH, left)])
        if batch:
            yield batch
            last = batch[-1].pk
        left = left - len(batch) if len(batch) == _BATCH else 0


def _values(row: OcppMessage) -> dict[str, Any]:
    return {
        "id": row.pk,
        "at": row.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "station": row.station.cp_id,
        "direction": row.direction,
        "action": row.action,
        "message_id": row.message_id,
        "error_code": row.error_code,
        "latency_ms": row.latency_ms,
        "request": payloads.safe_text(row.request),
        "response": payloads.safe_text(row.response),
    }


def _json(row: OcppMessage) -> str:
    values = _values(row)
    for name, text in (("request", row.request), ("response", row.response)):
        found = payloads.parsed(text)
        values[name] = values[name] if found is None else found
    return json.dumps(values, ensure_ascii=False) + "\n"
