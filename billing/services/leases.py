"""A lease on long work: renewed from a thread of its own while the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from django.db import connection

logger = logging.getLogger(__name__)


class Lost(Exception):
    """Somebody else has the work now."""


class Heartbeat:
    """While it beats, ``renew`` is called with how many rows are done, every few seconds.

    From a thread with a connection of its own: the work may read from one moment in a transaction,
    in which nobody would see what it writes. Where ``renew`` says no, the work ends with Lost.
    """

    every_s = 2.0

    def __init__(self, renew: Callable[[int], bool]) -> None:
        self._renew = renew
        self._rows, self._is_lost, self._over = 0, False, threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if kind is None and self._is_lost:
            raise Lost

    def counted(self, rows: Iterable[Any]) -> Iterator[Any]:
        """The same rows, counted as they go by."""
        for row in rows:
            if self._is_lost:
                raise Lost
            self._rows += 1
            yield row

    def _beat(self) -> None:
        try:
            while not self._over.wait(self.every_s):
                self._once()
        finally:
            connection.close()

    def _once(self) -> None:
        try:
            self._is_lost = not self._renew(self._rows)
        except Exception:  # the next beat may come through; else the lease ends by itself
            logger.warning("A lease could not be renewed", exc_info=True)
            connection.close()
