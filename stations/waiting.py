"""Waiting for a command's answer: for the API and the admin, never in what serves sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from cms.shared import live
from stations import events
from stations.models import Command

logger = logging.getLogger(__name__)
_LOOK_AGAIN = 1.0  # seconds; doorbells may be lost, rows are not


def settled(command: Command, *, seconds: float) -> Command:
    """``command`` once it is settled, or as it stands after ``seconds``.

    Holds a thread meanwhile, but no database connection. ``seconds`` 0 does not wait at all.
    """
    if seconds <= 0 or not command.is_open:
        return command
    return async_to_sync(until_settled)(command, seconds=seconds)


async def until_settled(command: Command, *, seconds: float) -> Command:
    """The same inside an event loop."""
    end = time.monotonic() + seconds
    # Listening before looking: what is settled in between is heard.
    async with AsyncExitStack() as listening:
        heard = await _listen(listening, events.command_group(command.pk))
        while True:
            found = await sync_to_async(_look)(command)
            left = end - time.monotonic()
            if not found.is_open or left <= 0:
                return found
            try:
                await asyncio.wait_for(heard.get(), min(left, _LOOK_AGAIN))
            except TimeoutError:
                continue


async def _listen(listening: AsyncExitStack, group: str) -> asyncio.Queue[dict[str, Any]]:
    """What is heard of ``group``: nothing while the channel layer is away, and looking helps."""
    try:
        return await listening.enter_async_context(live.listening(group))
    except Exception as error:
        logger.warning("Nothing can be heard of %s: %s", group, error)
        return asyncio.Queue()


def _look(command: Command) -> Command:
    """The row as it is now (as it was, where it is gone)."""
    with briefly():
        return Command.objects.select_related("station").filter(pk=command.pk).first() or command


@contextmanager
def briefly() -> Iterator[None]:
    """A look at the database by who waits before and after it: gives the connection back."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:  # else it is held by whoever began the transaction
            connection.close_if_unusable_or_obsolete()
