"""How much apps may do: sockets in all, attempts of an address, messages of a driver.

Each process counts for itself, in bounded memory, as the gateway's door does.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache

from django.conf import settings

from cms.drivers import counts
from ocpp_gateway.allowance import Allowances


class Limits:
    """What the sockets of one event loop may still do."""

    def __init__(self) -> None:
        self._connects = Allowances(settings.APP_CONNECTS_PER_MINUTE)
        self._logins = Allowances(settings.APP_LOGINS_PER_MINUTE)
        self._messages = Allowances(settings.APP_MESSAGES_PER_MINUTE)

    @property
    def is_full(self) -> bool:
        """Whether there are as many sockets as there may be."""
        return counts.here.connections >= settings.MAX_CONNECTIONS

    def may_connect(self, address: str) -> bool:
        """Whether this address may open one more now."""
        return self._connects.of(address, time.monotonic()).try_take(time.monotonic())

    def may_log_in(self, address: str) -> bool:
        """Whether this address may try one more token now: those that were wrong count."""
        return not self._logins.of(address, time.monotonic()).is_used_up(time.monotonic())

    def login_failed(self, address: str) -> None:
        """A token was wrong."""
        self._logins.of(address, time.monotonic()).try_take(time.monotonic())

    def may_say(self, whose: str) -> bool:
        """Whether this driver, with all their devices, may say one more thing now."""
        return self._messages.of(whose, time.monotonic()).try_take(time.monotonic())


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Limits:
    return Limits()


def here() -> Limits:
    """The limits of the running event loop, made with their first use."""
    return _of(asyncio.get_running_loop())
