"""Frames that arrive while a commit is under way share the next one.

No timer: while a commit runs the next batch gathers by itself, so one station alone is answered
within a millisecond and five hundred share a commit (PERFORMANCE.md section 2). One thread writes;
whoever submits gets a future that ends after the commit, with None or with the exception.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.db import OperationalError, connection

from ocpp_gateway.dispatch import Inbound, Shared

logger = logging.getLogger(__name__)
MOST = 500  # frames in one transaction
_thread = ThreadPoolExecutor(1, thread_name_prefix="ocpp-batch")


class _Job(NamedTuple):
    route: Shared
    inbound: Inbound
    done: asyncio.Future[None]


class Batcher:
    """Shares commits among the frames of one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._writing = False

    def submit(self, route: Shared, inbound: Inbound) -> asyncio.Future[None]:
        """Store what ``inbound`` says with the next commit; the future ends after it."""
        job = _Job(route, inbound, self._loop.create_future())
        with self._lock:
            self._waiting.append(job)
            start = not self._writing
            self._writing = True
        if start:
            # After what else this turn of the loop has read: it shares the commit, too.
            self._loop.call_soon(_thread.submit, self._write)
        return job.done

    def _write(self) -> None:
        """In the writing thread: batch after batch, until nothing waits."""
        while jobs := self._take():
            results = _stored(jobs)
            self._loop.call_soon_threadsafe(_resolve, jobs, results)

    def _take(self) -> list[_Job]:
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            self._writing = bool(jobs)
            return jobs


def _resolve(jobs: list[_Job], results: list[Exception | None]) -> None:
    for job, error in zip(jobs, results, strict=True):
        if job.done.done():  # the socket closed meanwhile
            continue
        if error is None:
            job.done.set_result(None)
        else:
            job.done.set_exception(error)


def _stored(jobs: list[_Job]) -> list[Exception | None]:
    """Store ``jobs`` in one transaction; where that fails one by one, so that one pays for one."""
    try:
        return _together(jobs)
    except Exception as error:
        _recover(error)
        if len(jobs) == 1 and not isinstance(error, OperationalError):
            return [error]
    return [_single(job) for job in jobs]


def _single(job: _Job) -> Exception | None:
    try:
        return _together([job])[0]
    except Exception as error:
        _recover(error)
        return error


def _together(jobs: list[_Job]) -> list[Exception | None]:
    results: list[Exception | None] = [None] * len(jobs)
    stores: dict[Any, list[Any]] = {}
    for index, job in enumerate(jobs):
        try:
            stores.setdefault(job.route.store, []).extend(job.route.translate(job.inbound))
        except Exception as error:  # this frame's own fault: the others go on
            results[index] = error
    for store, items in stores.items():
        store(items, jobs[-1].inbound.at)
    return results


def _recover(error: Exception) -> None:
    logger.warning("A batch is stored frame by frame: %s", error)
    if isinstance(error, OperationalError):
        connection.close()
    elif connection.errors_occurred:
        connection.close_if_unusable_or_obsolete()
