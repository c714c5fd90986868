"""Waiting until a session begins that somebody asked for: woken by what rings at the station."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from asgiref.sync import async_to_sync, sync_to_async

from cms.drivers import verbs
from cms.live import hub
from stations.models import Command
from stations.waiting import briefly, until_settled

_LOOK_AGAIN_S = 5.0  # what rings may be lost


async def begun(command: Command, until: float) -> int | None:
    """The transaction of the session ``command`` led to, or None at ``until`` (monotonic time).

    Looks whenever something of the station rings.
    """
    rang = _Bell()
    here = hub.here()
    here.watch(rang, [f"station:{command.station_id}"])
    try:
        while True:
            rang.event.clear()
            number = await sync_to_async(_look)(command)
            left = until - time.monotonic()
            if number is not None or left <= 0:
                return number
            try:
                await asyncio.wait_for(rang.event.wait(), min(left, _LOOK_AGAIN_S))
            except TimeoutError:
                continue
    finally:
        here.forget(rang)


def awaited(command: Command, *, seconds: float) -> tuple[Command, int | None]:
    """The command as it stands after ``seconds`` at most, and the transaction it led to by then.

    Holds a thread meanwhile, but no database connection.
    """
    if seconds <= 0:
        return command, verbs.started(command) if verbs.is_accepted(command) else None
    return async_to_sync(_awaited)(command, seconds)


async def _awaited(command: Command, seconds: float) -> tuple[Command, int | None]:
    until = time.monotonic() + seconds
    command = await until_settled(command, seconds=seconds)
    return command, await begun(command, until) if verbs.is_accepted(command) else None


def _look(command: Command) -> int | None:
    with briefly():
        return verbs.started(command)


class _Bell:
    """Hears that something changed, once or often."""

    shows: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def hear(self, changed: Iterable[tuple[str, str]]) -> None:
        """It did."""
        self.event.set()
