"""What was tolerated of stations, counted in memory and written in bulk: no frame waits for it.

Bounded: one entry per station and kind, and so many of them. What is lost with the process is a
few seconds of counting.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cms.shared import clock
from ocpp_gateway.workers import guarded
from stations.services import tallies
from stations.services.tallies import Tolerated

logger = logging.getLogger(__name__)
_PAUSE = 5.0  # seconds between writes
_MOST = 20_000  # entries in between
_thread = ThreadPoolExecutor(1, thread_name_prefix="ocpp-tallies")
Key = tuple[int, str, int]


class Tallies:
    """Counts for the sockets of one event loop; ``note`` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._counted: dict[Key, Tolerated] = {}

    def note(self, station_id: int, kind: str, detail: str = "", quirk_id: int = 0) -> None:
        """Something was tolerated of a station: a name of KNOBS, with its row, or of REPAIRS."""
        key = station_id, kind, quirk_id
        with self._lock:
            first, known = not self._counted, self._counted.get(key)
            if known is None and len(self._counted) >= _MOST:
                return
            times = known.times + 1 if known else 1
            self._counted[key] = Tolerated(station_id, kind, quirk_id, detail, times)
        if first:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the process will
                self._loop.call_soon_threadsafe(self._loop.call_later, _PAUSE, self.flush)

    def flush(self) -> None:
        """Have what was counted written, now."""
        with self._lock:
            counted, self._counted = self._counted, {}
        if counted:
            _thread.submit(_write, list(counted.values()), clock.now())


def _write(tolerated: list[Tolerated], at: datetime) -> None:
    try:
        guarded(tallies.add, tolerated=tolerated, at=at)
    except Exception as error:
        logger.error("%d tallies are lost: %s", len(tolerated), error)
