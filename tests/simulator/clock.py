"""The station's time: it may run faster than the world's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Time as one station sees it.

    ``speed`` is how many station seconds pass in a real one: metering, drivers and timestamps
    follow it. ``hurry`` shortens the appointments with the network (heartbeats, retries), which
    are the server's and therefore real time; only tests set it.
    """

    def __init__(self, speed: float = 1.0, *, start: datetime | None = None, hurry: float = 1.0):
        if speed <= 0 or hurry <= 0:
            raise ValueError("a clock needs a speed and a hurry above zero")
        self.speed = speed
        self.hurry = hurry
        self._began = datetime.now(UTC)
        self._start = start or self._began

    def now(self) -> datetime:
        """The station's time, UTC."""
        return self._start + (datetime.now(UTC) - self._began) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for so many station seconds."""
        await asyncio.sleep(seconds / self.speed)

    async def wait(self, seconds: float) -> None:
        """Wait for so many seconds of the network's time."""
        await asyncio.sleep(seconds / self.hurry)

    async def within(self, seconds: float, event: asyncio.Event) -> bool:
        """Wait so many network seconds, or less if ``event`` happens; says whether it did."""
        try:
            async with asyncio.timeout(seconds / self.hurry):
                return await event.wait()
        except TimeoutError:
            return False


class DataClock(Clock):
    """A clock that stands at the time of the recorded event being played."""

    def __init__(self, at: datetime):
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        """The time of the last event played, UTC."""
        return self.at


def iso(at: datetime) -> str:
    """``2019-03-25T16:24:42Z``; with milliseconds only where there are any."""
    utc = at.astimezone(UTC)
    spec = "milliseconds" if utc.microsecond >= 1000 else "seconds"
    return utc.isoformat(timespec=spec).replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """A time as OCPP and the data files write it; one without a zone is UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from ``earlier`` to ``later``, never below zero."""
    return max((later - earlier) / timedelta(seconds=1), 0.0)
