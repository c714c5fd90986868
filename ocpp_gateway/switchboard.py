"""Which stations' sockets this process holds; wakes them when the doorbell rings."""

from __future__ import annotations

import asyncio
import logging
from functools import cache
from typing import Any, Protocol

from cms.shared import live
from ocpp_gateway import tolerances, workers
from ocpp_gateway.batching import Batcher
from ocpp_gateway.notebook import Notebook
from ocpp_gateway.refusals import Refusals
from ocpp_gateway.tallies import Tallies
from ocpp_gateway.tolerances import Tolerances
from stations import events

logger = logging.getLogger(__name__)
_RETRY = 2.0  # seconds before listening again after the channel layer failed


class Line(Protocol):
    """A station's socket, as the switchboard sees it."""

    connection_id: str

    def ring(self) -> None:
        """A command waits."""

    def supersede(self) -> None:
        """A newer socket may serve the station: close, unless this one is the newest."""

    def learn(self, model: Tolerances) -> None:
        """Another thing is known of the station's model now."""


class Switchboard:
    """The sockets of one event loop, by station. The newest wins; the row says which one it is:

    two sockets may get here, and their doorbells be heard, in another order than they connected.
    """

    def __init__(self) -> None:
        self.batcher = Batcher()
        self.notebook = Notebook()
        self.refusals = Refusals()
        self.tallies = Tallies()
        self._lines: dict[int, list[Line]] = {}
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    def connect(self, station_id: int, line: Line) -> None:
        """Remember a socket of a station; where it is not the only one, the older close."""
        lines = self._lines.setdefault(station_id, [])
        lines.append(line)
        if len(lines) > 1:
            for each in lines:
                each.supersede()

    def disconnect(self, station_id: int, line: Line) -> None:
        """Forget a socket."""
        lines = self._lines[station_id]
        lines.remove(line)
        if not lines:
            del self._lines[station_id]
        if not self._lines:  # perhaps the server stops
            self.tallies.flush()

    async def _listen(self) -> None:
        """Hear the doorbell as long as the process lives. One listener, however many sockets."""
        while True:
            try:
                async with live.listening(events.GATEWAY) as heard:
                    for lines in self._lines.values():
                        for line in lines:
                            line.ring()  # what rang while nobody listened
                    await self._learn()
                    while True:
                        await self._hear(await heard.get())
            except Exception as error:
                logger.warning("The doorbell is silent: %s", error)
                await asyncio.sleep(_RETRY)

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "quirks.changed":
            await self._learn()
            return
        for line in self._lines.get(message["station"], ()):
            if message["type"] == "command.waiting":
                line.ring()
            elif message["by"] != line.connection_id:
                line.supersede()

    async def _learn(self) -> None:
        """All stations at once: two queries, however many sockets there are."""
        if not self._lines:
            return
        try:
            found = await workers.run(tolerances.of_many, list(self._lines))
        except Exception as error:  # what was known still counts, and the doorbell goes on
            logger.warning("What is known of models is not read anew: %s", error)
            return
        for station_id, model in found.items():
            for line in self._lines.get(station_id, ()):
                line.learn(model)


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Switchboard:
    return Switchboard()


def here() -> Switchboard:
    """The switchboard of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
