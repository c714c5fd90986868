"""What waits for the application on one connection: a queue with one reader, for every frame."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """As asyncio.Queue without a bound, for one reader.

    It knows its loop: asyncio's asks which one runs whenever it has to wait, and before Python
    3.12 that is a system call for each frame.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[T] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: T) -> None:
        """Something arrived; who waits for it goes on."""
        self._waiting.append(message)
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)

    async def get(self) -> T:
        """The next of it, once there is some."""
        while not self._waiting:
            self._reader = self._loop.create_future()
            await self._reader
        return self._waiting.popleft()

    def qsize(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def empty(self) -> bool:
        """Whether none waits."""
        return not self._waiting
