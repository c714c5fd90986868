"""What may happen to a server in the middle of its work, at moments counted in its own answers."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.processes import Server
from tests.rows import cut_off
from tests.simulator.replay import ReplayOptions, run_replay
from tests.simulator.summary import ReplaySummary

_STOPPED_S = 1.5


class Happening(NamedTuple):
    """A signal the server gets at once, if any, and how things go on from there."""

    signal: signal.Signals | None
    goes_on: Callable[[Server], Awaitable[None]]


async def _comes_back(server: Server) -> None:
    await asyncio.to_thread(server.wait)
    await asyncio.to_thread(server.start)


async def _wakes(server: Server) -> None:
    await asyncio.sleep(_STOPPED_S)
    server.send(signal.SIGCONT)


async def _is_cut_off(server: Server) -> None:
    await asyncio.to_thread(cut_off, server.environment)


KILLED = Happening(signal.SIGKILL, _comes_back)
STOPPED = Happening(signal.SIGSTOP, _wakes)
CUT_OFF = Happening(None, _is_cut_off)  # from its database


class Schedule:
    """Lets each happening begin exactly when so many messages have been acknowledged."""

    def __init__(self, server: Server, happenings: Sequence[tuple[int, Happening]]) -> None:
        self._server, self._count, self._planned = server, 0, len(happenings)
        self._due = deque(sorted(happenings, key=lambda each: each[0]))
        self._begun: asyncio.Queue[Happening] = asyncio.Queue()

    @property
    def is_over(self) -> bool:
        """Whether everything has begun."""
        return not self._due

    def acknowledged(self) -> None:
        """One more message was."""
        self._count += 1
        if self._due and self._count >= self._due[0][0]:
            _, happening = self._due.popleft()
            if happening.signal is not None:
                self._server.send(happening.signal)
            self._begun.put_nowait(happening)

    async def goes_on(self) -> None:
        """Until the last one is over."""
        for _ in range(self._planned):
            happening = await self._begun.get()
            await happening.goes_on(self._server)


async def replayed(
    options: ReplayOptions, server: Server, happenings: Sequence[tuple[int, Happening]]
) -> ReplaySummary:
    """Play a file while that happens; all of it must. Raises what any of it raises."""
    schedule = Schedule(server, happenings)
    async with asyncio.TaskGroup() as group:
        group.create_task(schedule.goes_on())
        summary = await run_replay(replace(options, on_acknowledged=schedule.acknowledged))
        assert schedule.is_over, "the work was over before the last happening"
    return summary
