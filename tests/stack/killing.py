"""Kills a server with SIGKILL in the middle of its work, and starts it again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from tests.processes import Server

Given = TypeVar("Given")
Moment = Callable[[], AbstractAsyncContextManager[None]]  # the server dies inside its block


async def killed_meanwhile(
    work: Awaitable[Given],
    server: Server,
    moments: Sequence[Moment],
    afterwards: Callable[[], Awaitable[None]] | None = None,
) -> Given:
    """Do ``work``; at each of ``moments`` the server dies, and comes back. All must happen.

    ``afterwards`` is waited for when it came back for the last time. Raises what any of them
    raises, which ends the others.
    """
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_doing(work))
        group.create_task(_killing(server, moments, working, afterwards))
    return working.result()


async def _doing(work: Awaitable[Given]) -> Given:
    return await work


async def _killing(
    server: Server,
    moments: Sequence[Moment],
    working: asyncio.Task[Any],
    afterwards: Callable[[], Awaitable[None]] | None,
) -> None:
    for moment in moments:
        async with moment():
            assert not working.done(), "the work was over before the last kill"
            await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    if afterwards:
        await afterwards()
