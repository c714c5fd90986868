"""Logs: a station asked for its diagnostics, or for one of its logs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from stations.models import ChargingStation, Command, LogKind, LogRequest, Purpose
from stations.services import asking
from stations.services.asking import Request, Tries


class Wanted(NamedTuple):
    """Which file a station shall bring, from when to when, and where to (empty: to us)."""

    kind: LogKind = LogKind.DIAGNOSTICS
    location: str = ""
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    tries: Tries = Tries()
    request_id: int | None = None


@transaction.atomic
def fetch(*, station: ChargingStation, wanted: Wanted, request: Request) -> Command:
    """Ask ``station`` for a file; gives the command, which a row follows.

    GetDiagnostics (OCPP 1.6 section 5.9), or GetLog for the other kinds (whitepaper section 5.8).
    Raises DomainError, Conflict and StationOffline.
    """
    is_log = wanted.kind != LogKind.DIAGNOSTICS
    to = asking.address(wanted.location)
    row = LogRequest(
        station=station,
        kind=wanted.kind,
        request_id=asking.numbered(wanted.request_id) if is_log else None,
        oldest_at=wanted.oldest_at,
        latest_at=wanted.latest_at,
        retries=wanted.tries.retries,
        retry_interval_s=wanted.tries.interval_s,
        expires_at=asking.until(request.at, wanted.tries),
    )
    return asking.send_off(
        row,
        action="GetLog" if is_log else "GetDiagnostics",
        payload=_log(row, to.url) if is_log else _diagnostics(row, to.url),
        to=to,
        purpose=Purpose.LOG if is_log else Purpose.DIAGNOSTICS,
        request=request,
    )


def _diagnostics(row: LogRequest, location: str) -> dict[str, Any]:
    return {
        "location": location,
        "retries": row.retries,
        "retryInterval": row.retry_interval_s,
        "startTime": asking.moment(row.oldest_at),
        "stopTime": asking.moment(row.latest_at),
    }


def _log(row: LogRequest, location: str) -> dict[str, Any]:
    log = {
        "remoteLocation": location,
        "oldestTimestamp": asking.moment(row.oldest_at),
        "latestTimestamp": asking.moment(row.latest_at),
    }
    return {
        "logType": row.kind,
        "requestId": row.request_id,
        "retries": row.retries,
        "retryInterval": row.retry_interval_s,
        "log": {name: value for name, value in log.items() if value is not None},
    }
