"""Sockets that were turned away, gathered for the review queue: nobody's handshake waits for it.

Written at most once a second, and so many names at most: a scanner costs the database no more
than that, however fast it knocks. What does not fit is counted together.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from cms.shared import clock
from ocpp_gateway.masking import printable
from ocpp_gateway.workers import guarded
from stations.services import strangers
from stations.services.strangers import Refusal

logger = logging.getLogger(__name__)
_PAUSE = 1.0  # seconds between writes
_MOST = 50  # names kept apart in between
_thread = ThreadPoolExecutor(1, thread_name_prefix="ocpp-refusals")


class Refusals:
    """Counts refusals of one event loop and writes them in bulk."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._counted: dict[tuple[str, int], Refusal] = {}
        self._due: asyncio.TimerHandle | None = None

    def note(self, refusal: Refusal) -> None:
        """A socket was turned away."""
        key = refusal.cp_id.upper(), refusal.status
        if key not in self._counted and len(self._counted) >= _MOST:
            key, refusal = ("", refusal.status), refusal._replace(cp_id="")
        known = self._counted.get(key)
        times = refusal.times + (known.times if known else 0)
        self._counted[key] = refusal._replace(times=times)
        if self._due is None:
            self._due = self._loop.call_later(_PAUSE, self._flush)

    def _flush(self) -> None:
        counted, self._counted = self._counted, {}
        self._due = None
        _thread.submit(_write, list(counted.values()), clock.now())


def refusal_of(scope: dict[str, Any], cp_id: str | None, status: int, reason: str) -> Refusal:
    """What the queue shows of a handshake: the identity it named, or the path that names none."""
    named = cp_id if cp_id is not None else printable(scope["path"][:200])
    client = scope.get("client")  # behind a proxy we trust: what the proxy saw
    return Refusal(named, reason, str(client[0]) if client else "", status)


def _write(refusals: list[Refusal], at: datetime) -> None:
    try:
        guarded(strangers.refused, refusals=refusals, at=at)
    except Exception as error:
        logger.error("%d refused connections are not in the queue: %s", len(refusals), error)
