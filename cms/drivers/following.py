"""Who hears of which session: every driver of their own, from the rows, when something rang.

One for each event loop. What rang is gathered while a look is under way, so a thousand sessions
that report at once are one look; each socket is sent the latest of each kind only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Protocol

from channels.db import database_sync_to_async

from cms.drivers import counts, leaving, standing
from cms.drivers.standing import Standing
from cms.live import hub
from cms.live.hub import EVERYTHING, RESYNC
from cms.shared import clock

logger = logging.getLogger(__name__)
_PAUSE_S = 0.1  # between two looks: an app needs no more
_PRICE_S = 10.0  # a cost is worked out anew so often
_PRICED_AT_ONCE = 50  # or a share of a look, so that no look works out all of them
_SHARE = 8
_MOST = 50_000  # sessions remembered
_AGAIN_S = 2.0


class Listener(leaving.Shut, Protocol):
    """An app's socket."""

    def push(self, key: tuple[str, int], frame: str) -> None:
        """Send it soon; of one ``key`` only the latest."""


class Following:
    """The drivers that are connected to one event loop, and what they were told."""

    shows: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._sockets: dict[int, set[Listener]] = defaultdict(set)
        self._told: dict[int, Standing] = {}
        self._at_station: dict[int, set[int]] = defaultdict(set)
        self._priced: dict[int, float] = {}
        self._passed_over: set[int] = set()  # whose cost is old, and whose turn did not come yet
        self._strangers: set[int] = set()
        self._rang: set[str] = set()
        self._arrived: list[tuple[int, Listener]] = []
        self._looking: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None

    def join(self, user_id: int, listener: Listener) -> None:
        """They hear from now on, and at once how their sessions stand."""
        if not self._sockets:
            hub.here().watch(self, [f"session:{EVERYTHING}", f"station:{EVERYTHING}"])
            self._leaving = asyncio.create_task(leaving.look_on(self._sockets))
        self._sockets[user_id].add(listener)
        counts.here.users = len(self._sockets)
        self._arrived.append((user_id, listener))
        self._look_soon()

    def leave(self, user_id: int, listener: Listener) -> None:
        """They hear nothing any more."""
        self._sockets[user_id].discard(listener)
        if not self._sockets[user_id]:
            del self._sockets[user_id]
        counts.here.users = len(self._sockets)
        if not self._sockets:
            hub.here().forget(self)
            self._forget()
            if self._leaving is not None:
                self._leaving.cancel()

    def hear(self, changed: Iterable[tuple[str, str]]) -> None:
        """Something rang, of whomever it is."""
        self._rang.update(name for _, name in changed)
        self._look_soon()

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())

    async def _look_on(self) -> None:
        try:
            while (self._rang or self._arrived or self._passed_over) and self._sockets:
                await self._look()
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._looking = None

    async def _look(self) -> None:
        rang, self._rang = self._rang, set()
        arrived, self._arrived = self._arrived, []
        try:
            await self._look_at(rang, arrived)
        except Exception as error:  # the database is away: nothing is forgotten, nobody is told
            logger.warning("Drivers are not told how their sessions stand: %s", error)
            self._rang |= rang
            self._arrived[:0] = arrived
            await asyncio.sleep(_AGAIN_S)

    async def _look_at(self, rang: set[str], arrived: list[tuple[int, Listener]]) -> None:
        everybody = set(self._sockets) if RESYNC in rang else set()
        wanted = everybody | {user_id for user_id, _ in arrived}
        numbers = self._meant(rang)
        stale = self._stale(numbers)
        numbers |= stale
        found = await database_sync_to_async(_looked_at)(wanted, numbers, stale)
        seen = {one.session_id: one for one in found}
        self._priced |= dict.fromkeys(stale & seen.keys(), time.monotonic())
        self._strangers |= {
            number
            for number in numbers
            if number not in seen or seen[number].user_id not in self._sockets
        }
        known = [one for one in found if one.session_id in self._told]
        for one in found:
            self._tell(one)
        for user_id, listener in arrived:
            self._introduce([one for one in known if one.user_id == user_id], listener)
        self._prune()

    def _meant(self, rang: set[str]) -> set[int]:
        """The sessions that may have changed, without those of nobody here."""
        numbers: set[int] = set()
        for name in rang - {RESYNC}:
            kind, _, number = name.partition(":")
            if kind == "session":
                numbers.add(int(number))
            else:
                numbers |= self._at_station.get(int(number), set())
        return numbers - self._strangers

    def _stale(self, numbers: set[int]) -> set[int]:
        """Those whose cost is to be worked out: the first time at once, then in turn.

        It is dear: were all that began together priced together, everybody would wait for it. Who
        is passed over has their turn in one of the next looks, whether or not it rings again.
        """
        long_ago = time.monotonic() - _PRICE_S
        never = {one for one in numbers if one not in self._priced}
        known = (numbers | self._passed_over) & self._priced.keys()
        again = sorted((self._priced[one], one) for one in known if self._priced[one] <= long_ago)
        most = max(_PRICED_AT_ONCE, len(numbers) // _SHARE)
        self._passed_over = {one for _, one in again[most:]}
        return never | {one for _, one in again[:most]}

    def _introduce(self, theirs: Sequence[Standing], listener: Listener) -> None:
        """Who comes is told how everything stands that their other devices know already."""
        at = clock.now()
        for one in theirs:
            for kind, frame in standing.news(None, one, at):
                listener.push((kind, one.session_id), frame)

    def _tell(self, one: Standing) -> None:
        listeners = self._sockets.get(one.user_id)
        if not listeners:
            return
        before = self._told.get(one.session_id)
        if one.cost is not None:
            self._priced[one.session_id] = time.monotonic()
        elif before is not None:
            one = one._replace(cost=before.cost)
        if before is not None and before.user_id != one.user_id:
            before = None  # the card has another owner now
        for kind, frame in standing.news(before, one, clock.now()):
            for listener in listeners:
                listener.push((kind, one.session_id), frame)
        self._note(one)

    def _note(self, one: Standing) -> None:
        self._told[one.session_id] = one
        self._strangers.discard(one.session_id)
        at_station = self._at_station[one.station_id]
        (at_station.add if one.is_open else at_station.discard)(one.session_id)

    def _prune(self) -> None:
        if len(self._told) + len(self._strangers) > _MOST:
            self._forget()
            self._rang.add(RESYNC)

    def _forget(self) -> None:
        for known in (self._told, self._at_station, self._priced):
            known.clear()
        for numbers in (self._strangers, self._passed_over):
            numbers.clear()


def _looked_at(users: set[int], numbers: set[int], unpriced: set[int]) -> list[Standing]:
    """What these people have under way, and these sessions; with their cost where it is wanted."""
    found = {one.session_id: one for one in standing.of_users(users)} if users else {}
    if more := numbers - found.keys():
        found |= {one.session_id: one for one in standing.of_sessions(more)}
    wanted = [
        one
        for one in found.values()
        if one.user_id in users or one.session_id in unpriced or not one.is_open
    ]
    found |= {one.session_id: one for one in standing.priced(wanted, clock.now())}
    return list(found.values())


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Following:
    return Following()


def here() -> Following:
    """The one of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
