"""The tasks a station consists of: they begin together and end together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection, Coroutine
from typing import Any, TypeVar

log = logging.getLogger("simulator")
Given = TypeVar("Given")


class Life:
    """Runs the parts of one station, and what they start beside, until one of them ends."""

    def __init__(self, name: str):
        self._name = name
        self._main: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()

    def begin(self, *parts: Coroutine[Any, Any, None]) -> None:
        """Start the parts; the first one that ends, ends them all."""
        self._main = asyncio.create_task(self._run(parts), name=self._name)

    @property
    def alive(self) -> bool:
        """Whether it has begun and not ended."""
        return self._main is not None and not self._main.done()

    async def lasts(self, awaitable: Awaitable[Given]) -> Given:
        """Wait for something, but no longer than this life; raises what ended it."""
        assert self._main is not None, "not started"
        task = asyncio.ensure_future(awaitable)
        try:
            await asyncio.wait({task, self._main}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if not self._main.cancelled():
                self._main.result()
            raise ConnectionError(f"{self._name} was stopped")
        finally:
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; a mistake in it ends the whole, loudly."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._ended)

    async def end(self) -> None:
        """Stop everything and wait until it has stopped."""
        tasks = [*self._beside, *([self._main] if self._main else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        log.error("[%s] stopped by a mistake", self._name, exc_info=task.exception())
        if self._main is not None:
            self._main.cancel()

    async def _run(self, parts: tuple[Coroutine[Any, Any, None], ...]) -> None:
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def finish(
    tasks: Collection[asyncio.Task[None]], stop: asyncio.Event, timeout: float | None = None
) -> None:
    """Wait for all tasks, for ``stop`` or for the time; then end them, and wait for that too."""

    async def all_done() -> None:
        await asyncio.wait(tasks)

    async def asked() -> None:
        await stop.wait()

    watchers = [asyncio.create_task(all_done()), asyncio.create_task(asked())]
    try:
        await asyncio.wait(watchers, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, *watchers):
            task.cancel()
        await asyncio.gather(*tasks, *watchers, return_exceptions=True)
