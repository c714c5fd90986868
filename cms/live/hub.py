"""Who shows what in this process: what changed is passed on to the pages that show it.

One listener however many pages are open; each page is told at most once a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any, Protocol

from cms.shared import bulletin, live

logger = logging.getLogger(__name__)
_RETRY_S = 2.0
_PAUSE_S = 1.0  # between two messages to one page
EVERYTHING = "*"  # instead of a number: any of that kind
RESYNC = "resync"  # something may have been missed: look at everything anew

Tell = Callable[[list[str]], Awaitable[None]]
Audible = Callable[[set[str]], Awaitable[set[str]]]


class Hears(Protocol):
    """Whoever is told what changed of what they show."""

    shows: frozenset[str]

    def hear(self, changed: Iterable[tuple[str, str]]) -> None:
        """Some of it changed: what is shown, and what that was."""


class Watcher:
    """One page: what it shows, and what of that changed since it was told last."""

    def __init__(self, tell: Tell, audible: Audible | None = None) -> None:
        self.shows: frozenset[str] = frozenset()
        self._tell = tell
        self._audible = audible  # which names it may be told; None: all
        self._changed: set[tuple[str, str]] = set()
        self._telling: asyncio.Task[None] | None = None

    def hear(self, changed: Iterable[tuple[str, str]]) -> None:
        """Some of what it shows changed: what it shows, and what that was."""
        self._changed.update(changed)
        if self._changed and self._telling is None:
            self._telling = asyncio.create_task(self._tell_on())

    def leave(self) -> None:
        """The page is gone."""
        if self._telling is not None:
            self._telling.cancel()

    async def _tell_on(self) -> None:
        """At once, and what comes meanwhile a pause later."""
        try:
            while self._changed:
                changed, self._changed = self._changed, set()
                if names := await self._meant(changed):
                    await self._tell(sorted(names))
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._telling = None

    async def _meant(self, changed: set[tuple[str, str]]) -> set[str]:
        """What of it is told: looked at anew each time, as limits change."""
        named = {name for _, name in changed} - {RESYNC}
        if self._audible is None or not named:
            return {shown for shown, _ in changed}
        try:
            heard = await self._audible(named) | {RESYNC}
        except Exception as error:  # the page looks for itself then, which says no more
            logger.warning("Nobody knows whose these changes are: %s", error)
            return {RESYNC}
        return {shown for shown, name in changed if name in heard}


class Hub:
    """The pages that one event loop serves, by what they show."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Hears]] = {}
        self._everybody: set[Hears] = set()
        self.is_listening = False
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    def __len__(self) -> int:
        """How many pages there are."""
        return len(self._everybody)

    def close(self) -> None:
        """Hear nothing any more."""
        self._listener.cancel()

    def watch(self, watcher: Hears, shows: Iterable[str]) -> None:
        """``watcher`` shows this now, and nothing else."""
        self.forget(watcher)
        self._everybody.add(watcher)
        watcher.shows = frozenset(shows)
        for name in watcher.shows:
            self._watchers.setdefault(name, set()).add(watcher)

    def forget(self, watcher: Hears) -> None:
        """It shows nothing any more."""
        self._everybody.discard(watcher)
        for name in watcher.shows:
            watchers = self._watchers[name]
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[name]
        watcher.shows = frozenset()

    async def _listen(self) -> None:
        while True:
            try:
                async with live.listening(bulletin.GROUP) as heard:
                    self.is_listening = True
                    for watcher in self._everybody:
                        watcher.hear([(RESYNC, RESYNC)])
                    while True:
                        self._pass_on(await heard.get())
            except Exception as error:
                logger.warning("Pages are not told what changes: %s", error)
                await asyncio.sleep(_RETRY_S)

    def _pass_on(self, message: dict[str, Any]) -> None:
        told: dict[Hears, set[tuple[str, str]]] = {}
        for name in message["names"]:
            for shown in (name, f"{name.partition(':')[0]}:{EVERYTHING}"):
                for watcher in self._watchers.get(shown, ()):
                    told.setdefault(watcher, set()).add((shown, name))
        for watcher, changed in told.items():
            watcher.hear(changed)


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Hub:
    return Hub()


def here() -> Hub:
    """The hub of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
