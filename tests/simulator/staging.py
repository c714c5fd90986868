"""Sets the scene for the simulator's tests: an asyncio test, a station that is in a hurry."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tests.simulator.battery import Battery
from tests.simulator.central_system import CentralSystem
from tests.simulator.charge_point import ChargePoint, Hardware
from tests.simulator.clock import Clock

TWO_CONNECTORS = Hardware(connectors=2)
_LONGEST_S = 10


def played(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Makes a test of a coroutine function, with an end to its time."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(_LONGEST_S):
                await test(*arguments, **named)

        asyncio.run(limited())

    return run


@asynccontextmanager
async def stage(
    *, speed: float = 600.0, hurry: float = 100.0, **options: Any
) -> AsyncIterator[tuple[CentralSystem, ChargePoint]]:
    """A central system and the station CP1, booted; no frame may break its schema."""
    async with CentralSystem() as system:
        clock = Clock(speed, hurry=hurry)
        async with ChargePoint("CP1", system.url, clock=clock, **options) as station:
            await station.ready()
            yield system, station
    assert system.complaints == []


def empty_car() -> Battery:
    """A vehicle that will not be full soon."""
    return Battery(capacity_wh=80_000, charge_wh=8_000, max_power_w=50_000)


def nearly_full_car() -> Battery:
    """A vehicle that takes 100 Wh more."""
    return Battery(capacity_wh=40_000, charge_wh=39_900, max_power_w=22_000)
