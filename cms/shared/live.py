"""The doorbell: tells other tasks and processes that rows changed. It may be lost; rows are not.

Rings from any thread: inside a serving process it goes through that process's event loop, anywhere
else (a worker, a management command) through a loop of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)
_AGAIN = 0.5  # seconds before listening on after the channel layer failed
_serving: asyncio.AbstractEventLoop | None = None
_underway: set[asyncio.Task[None]] = set()


def serve_from(loop: asyncio.AbstractEventLoop | None) -> None:
    """Say which event loop of this process carries the channel layer."""
    global _serving
    _serving = loop


def ring_on_commit(group: str, message: dict[str, Any]) -> None:
    """Ring ``group`` once the current transaction is committed (now, where there is none)."""
    transaction.on_commit(lambda: ring(group, message), robust=True)


def ring(group: str, message: dict[str, Any]) -> None:
    """Ring ``group`` now. Never raises: what counts is in the rows."""
    if _serving is not None and _serving.is_running():
        _serving.call_soon_threadsafe(_start, group, message)
        return
    try:
        async_to_sync(_send)(group, message)
    except RuntimeError:  # called from inside a loop that is not the serving one
        asyncio.get_running_loop().call_soon(_start, group, message)


def _start(group: str, message: dict[str, Any]) -> None:
    task = asyncio.get_running_loop().create_task(_send(group, message))
    _underway.add(task)
    task.add_done_callback(_underway.discard)


async def _send(group: str, message: dict[str, Any]) -> None:
    try:
        await get_channel_layer().group_send(group, message)
    except Exception as error:
        logger.warning("The doorbell %s was lost: %s", group, error)


@asynccontextmanager
async def listening(group: str) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
    """Hear ``group`` for the length of the block: a queue of its messages, newest last."""
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1000)
    pump = asyncio.create_task(_pump(layer, channel, heard))
    try:
        yield heard
    finally:
        pump.cancel()
        await asyncio.wait([pump])  # it unsubscribes as it ends
        try:
            await layer.group_discard(group, channel)
        except Exception as error:  # what was done inside the block is not undone by it
            logger.warning("%s is not left: %s", group, error)


async def _pump(layer: Any, channel: str, heard: asyncio.Queue[dict[str, Any]]) -> None:
    while True:
        try:
            message = await layer.receive(channel)
        except Exception as error:  # this ring is lost; the next one must not be
            logger.warning("A ring was not heard: %s", error)
            await asyncio.sleep(_AGAIN)
            continue
        if heard.full():
            heard.get_nowait()
        heard.put_nowait(message)
