"""What may be written a moment after the answer: the message log, and signs of life.

Neither is part of what a station is told, so neither holds up a frame; both go to the database a
few times a second, in bulk, by a thread of their own. A crash loses at most the last moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from cms.shared import bulk, clock
from ocpp_gateway.masking import masked
from ocpp_gateway.workers import guarded
from stations.services import stations

logger = logging.getLogger(__name__)
_PAUSE = 0.25  # seconds between writes
_MOST = 50_000  # entries waiting; beyond it the oldest are dropped rather than memory filled
_thread = ThreadPoolExecutor(1, thread_name_prefix="ocpp-notebook")
_COLUMNS = {
    "station_id": "bigint",
    "direction": "text",
    "message_id": "text",
    "action": "text",
    "request": "text",
    "response": "text",
    "error_code": "text",
    "at": "timestamptz",
    "latency_ms": "integer",
}


class Exchange(NamedTuple):
    """A call and its answer, as the message log keeps them."""

    station_id: int
    direction: str
    message_id: str
    action: str
    request: str
    response: str
    error_code: str
    at: datetime
    latency_ms: int | None


class Notebook:
    """Gathers entries of one event loop and writes them in bulk."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._exchanges: deque[Exchange] = deque(maxlen=_MOST)
        self._heard: set[int] = set()
        self._due: asyncio.TimerHandle | None = None

    def exchange(self, entry: Exchange) -> None:
        """Keep an exchange in the message log."""
        self._exchanges.append(entry)
        self._schedule()

    def heard(self, station_id: int) -> None:
        """The station sent something."""
        self._heard.add(station_id)
        self._schedule()

    def _schedule(self) -> None:
        if self._due is None:
            self._due = self._loop.call_later(_PAUSE, self._flush)

    def _flush(self) -> None:
        exchanges, self._exchanges = self._exchanges, deque(maxlen=_MOST)
        heard, self._heard = self._heard, set()
        self._due = None
        _thread.submit(_write, list(exchanges), sorted(heard), clock.now())


def _write(exchanges: list[Exchange], heard: list[int], at: datetime) -> None:
    try:
        guarded(_store, exchanges, heard, at)
    except Exception as error:
        logger.error("%d entries of the message log are lost: %s", len(exchanges), error)


def _store(exchanges: list[Exchange], heard: list[int], at: datetime) -> None:
    with transaction.atomic():
        if connection.vendor == "postgresql":  # a log need not wait for the disk
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        if heard:
            stations.heard_from(station_ids=heard, at=at)
        rows = [masked(entry) for entry in exchanges]
        bulk.run([bulk.insert("ocpp_gateway_ocppmessage", _COLUMNS, rows)])
