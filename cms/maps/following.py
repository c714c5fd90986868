"""Who hears of which part of the map: one look for all of them, when something rang.

One for each event loop. Stations that ring within a second are one look, in one query; each
watcher is rung where something they may see changed, and asks for the news when it can send them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import cache

from channels.db import database_sync_to_async

from cms.live import hub
from cms.live.hub import EVERYTHING, RESYNC
from cms.maps import limiting
from cms.maps.board import Board
from cms.maps.watching import MarkerWatch, SiteWatch
from cms.shared import clock

logger = logging.getLogger(__name__)
_PAUSE_S = 1.0  # between two looks: nobody is told more often
_ANEW_S = 30.0  # prices change with the clock, and what rings may be lost
_AGAIN_S = 2.0
_MANY = 1000  # stations that rang: reading everything costs no more

Watcher = MarkerWatch | SiteWatch


class Following:
    """Those who watch maps in one event loop, and how the map stands."""

    shows: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._watches: set[Watcher] = set()
        self._board: Board | None = None
        self._rang: set[str] = set()
        self._arrived: list[Watcher] = []
        self._came = asyncio.Event()
        self._due = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._clock: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many watch."""
        return len(self._watches)

    def join(self, watch: Watcher) -> None:
        """They are rung at once, and whenever something changed that they may see."""
        if not self._watches:
            hub.here().watch(self, [f"station:{EVERYTHING}", f"site:{EVERYTHING}"])
            self._tick()
        self._watches.add(watch)
        self._arrived.append(watch)
        self._came.set()
        self._look_soon()

    def leave(self, watch: Watcher) -> None:
        """They are rung no more."""
        self._watches.discard(watch)
        if watch in self._arrived:
            self._arrived.remove(watch)
        if not self._watches:
            hub.here().forget(self)
            self._board = None
            self._rang.clear()
            if self._clock is not None:
                self._clock.cancel()

    def hear(self, changed: Iterable[tuple[str, str]]) -> None:
        """Something rang, wherever it is."""
        self._rang.update(name for _, name in changed)
        self._look_soon()

    def _tick(self) -> None:
        self._clock = asyncio.get_running_loop().call_later(_ANEW_S, self._anew)

    def _anew(self) -> None:
        self.hear([(RESYNC, RESYNC)])
        self._tick()

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())

    async def _look_on(self) -> None:
        try:
            while self._watches and (self._rang or self._arrived):
                left = self._due - time.monotonic()
                if self._arrived or left <= 0:
                    await self._look(with_rings=left <= 0)
                    continue
                self._came.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), left)
        finally:
            self._looking = None

    async def _look(self, *, with_rings: bool) -> None:
        """Those who came are told how it stands; where it is time, all are told what changed."""
        arrived, self._arrived = self._arrived, []
        rang: set[str] = set()
        if with_rings:
            rang, self._rang = self._rang, set()
            self._due = time.monotonic() + _PAUSE_S
        board, is_new = self._board or Board(), self._board is None
        watches = list(self._watches)
        try:
            await database_sync_to_async(_looked)(
                board, {RESYNC} if is_new else rang, arrived, watches
            )
        except Exception as error:  # the database is away: nobody is told, and nothing is forgotten
            logger.warning("Maps are not told what changed: %s", error)
            self._rang |= rang
            self._arrived[:0] = arrived
            await asyncio.sleep(_AGAIN_S)
            return
        if self._watches:
            self._board = board
        for watch in watches if rang or is_new else arrived:
            if watch in self._watches and not watch.is_rung and watch.is_behind():
                watch.ring()


def _looked(
    board: Board, rang: set[str], arrived: Iterable[Watcher], watches: Collection[Watcher]
) -> None:
    """Bring the board up to date with what rang, and show it to those who came."""
    at = clock.now()
    used = {id(watch.view) for watch in watches}
    board.keep(lambda view: id(view) in used)
    stations = {int(name.removeprefix("station:")) for name in rang if name.startswith("station:")}
    if len(stations) < len(rang) or len(stations) > _MANY:
        board.look_at_all(at)
        limiting.look(watches, at)
    elif stations:
        board.look_at(stations, at)
    for watch in arrived:
        if isinstance(watch, SiteWatch):
            watch.view = board.site(watch.site_id, watch.filter, at)
        else:
            watch.view = board.markers(watch.filter)


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Following:
    return Following()


def here() -> Following:
    """The one of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
