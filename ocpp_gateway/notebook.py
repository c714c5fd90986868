"""What may be written a moment after the answer: the message log, and signs of life.

Neither is part of what a station is told, so neither holds up a frame; both go to the database a
few times a second, in bulk, by a thread of their own. A crash loses at most the last moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from cms.shared import bulk, clock
from ocpp_gateway.masking import mask, masked
from ocpp_gateway.workers import guarded
from stations.services import stations

logger = logging.getLogger(__name__)
_PAUSE = 0.25  # seconds between writes
# Entries waiting, and characters in them: beyond it the oldest are dropped, memory is not filled.
_MOST, _MOST_CHARACTERS = 50_000, 16_000_000
_LONGEST = 20_000  # characters kept of one frame
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
    """Gathers entries of one event loop and writes them in bulk, one bulk after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._exchanges: deque[Exchange] = deque()
        self._characters = self._dropped = 0
        self._heard: set[int] = set()
        self._due: asyncio.TimerHandle | None = None
        self._writing = False

    def exchange(self, entry: Exchange) -> None:
        """Keep an exchange in the message log."""
        entry = _shortened(entry)
        self._exchanges.append(entry)
        self._characters += _length(entry)
        while self._characters > _MOST_CHARACTERS or len(self._exchanges) > _MOST:
            self._characters -= _length(self._exchanges.popleft())
            self._dropped += 1
        self._schedule()

    def heard(self, station_id: int) -> None:
        """The station sent something."""
        self._heard.add(station_id)
        self._schedule()

    def _schedule(self) -> None:
        if self._due is None and not self._writing:
            self._due = self._loop.call_later(_PAUSE, self._flush)

    def _flush(self) -> None:
        exchanges, self._exchanges = self._exchanges, deque()
        heard, self._heard = self._heard, set()
        if self._dropped:
            logger.warning("%d entries of the message log were too many", self._dropped)
        self._characters = self._dropped = 0
        self._due, self._writing = None, True
        work = _thread.submit(_write, list(exchanges), sorted(heard), clock.now())
        work.add_done_callback(self._tell)

    def _tell(self, _: object) -> None:
        """In the writing thread: the next bulk may follow."""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._written)

    def _written(self) -> None:
        self._writing = False
        if self._exchanges or self._heard:
            self._schedule()


def keep(entries: list[Exchange]) -> None:
    """Write entries now, within the caller's transaction: for who has no event loop."""
    rows = [masked(entry) for entry in entries]
    bulk.run([bulk.insert("ocpp_gateway_ocppmessage", _COLUMNS, rows)])


def cut(text: str) -> str:
    """``text`` of a frame as long as it is kept. Masked first: half a secret is recognised by

    nobody any more.
    """
    return text if len(text) <= _LONGEST else mask(text)[:_LONGEST] + "…"


def _length(entry: Exchange) -> int:
    return len(entry.request) + len(entry.response)


def _shortened(entry: Exchange) -> Exchange:
    if len(entry.request) <= _LONGEST and len(entry.response) <= _LONGEST:
        return entry
    return entry._replace(request=cut(entry.request), response=cut(entry.response))


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
        keep(exchanges)
