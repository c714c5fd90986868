"""Which stations' sockets this process holds; wakes them when the doorbell rings."""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import Any, Protocol

from cms.shared import live
from ocpp_gateway.batching import Batcher
from ocpp_gateway.notebook import Notebook
from stations import events

logger = logging.getLogger(__name__)
_RETRY = 2.0  # seconds before listening again after the channel layer failed


class Line(Protocol):
    """A station's socket, as the switchboard sees it."""

    connection_id: str

    def ring(self) -> None:
        """A command waits."""

    def supersede(self) -> None:
        """A newer socket serves the station: close."""


class Switchboard:
    """The sockets of one event loop, by station. The newest socket wins."""

    def __init__(self) -> None:
        self.batcher = Batcher()
        self.notebook = Notebook()
        self._lines: dict[int, Line] = {}
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    def connect(self, station_id: int, line: Line) -> None:
        """Remember the newest socket of a station; the one before it, if here, is told to close."""
        older = self._lines.get(station_id)
        self._lines[station_id] = line
        if older is not None:
            older.supersede()

    def disconnect(self, station_id: int, line: Line) -> None:
        """Forget a socket, unless a newer one took its place."""
        if self._lines.get(station_id) is line:
            del self._lines[station_id]

    async def _listen(self) -> None:
        """Hear the doorbell for as long as the process lives. One listener, however many sockets."""
        while True:
            try:
                async with live.listening(events.GATEWAY) as heard:
                    for line in self._lines.values():
                        line.ring()  # what rang while nobody listened
                    while True:
                        self._hear(await heard.get())
            except Exception as error:
                logger.warning("The doorbell is silent: %s", error)
                await asyncio.sleep(_RETRY)

    def _hear(self, message: dict[str, Any]) -> None:
        line = self._lines.get(message["station"])
        if line is None:
            return
        if message["type"] == "command.waiting":
            line.ring()
        elif message["by"] != line.connection_id:
            line.supersede()


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Switchboard:
    return Switchboard()


def here() -> Switchboard:
    """The switchboard of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
