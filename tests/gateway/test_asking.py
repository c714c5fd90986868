"""When a station is asked first: after its own first call, and as long after as its model needs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from ocpp_gateway.asking import Asking
from ocpp_gateway.tolerances import Tolerances


def left_alone_for(settle_s: float | None, seconds: float) -> bool:
    """Whether so many seconds lie between its first answered call and our first one."""

    async def run() -> bool:
        loop = asyncio.get_running_loop()
        model = Tolerances(settle_s=settle_s)
        socket = SimpleNamespace(model=model, closed=True, tolerated=lambda *_: None)
        asking = Asking(socket)
        before = loop.time()
        asking.greeted()
        after = loop.time()
        when = asking._timer.when()
        await asking.close()
        return before + seconds <= when <= after + seconds

    return asyncio.run(run())


def test_a_model_of_which_nothing_is_known_is_left_alone_as_the_settings_say(settings):
    settings.OCPP_SETTLE_SECONDS = 100
    assert left_alone_for(None, 100)


@pytest.mark.parametrize("seconds", [0, 300, 1500])
def test_a_model_that_needs_longer_is_left_alone_longer(settings, seconds):
    settings.OCPP_SETTLE_SECONDS = 100
    assert left_alone_for(seconds, seconds)
