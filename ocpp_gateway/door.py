"""Who may knock how often, and how many are let in: decided before the database is asked anything.

Each process counts for itself, in bounded memory; a restart forgets.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from functools import cache

from django.conf import settings

from ocpp_gateway.allowance import Allowances
from ocpp_gateway.authentication import Denied

_TOGETHER = 10  # an address may fail so many times as often as one station at it: a site shares it
_TOO_MANY = 429


class Door:
    """The sockets of one process, counted by the address they come from."""

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._knocks = Allowances(settings.OCPP_CONNECTS_PER_MINUTE)
        self._failures = Allowances(settings.OCPP_FAILURES_PER_MINUTE)
        self._site_failures = Allowances(settings.OCPP_FAILURES_PER_MINUTE * _TOGETHER)

    def knock(self, address: str, cp_id: str | None) -> Denied | None:
        """Why this handshake is not even looked at; None: it is."""
        at = time.monotonic()
        if self._inside.total() >= settings.OCPP_MAX_SOCKETS:
            return Denied(503, "too many sockets here, try again later")
        if self._inside[address] >= settings.OCPP_MAX_SOCKETS_PER_ADDRESS:
            return Denied(_TOO_MANY, "too many sockets from this address")
        if self._has_failed_too_often(address, cp_id, at):
            return Denied(_TOO_MANY, "too many failed attempts, try again in a minute")
        if cp_id is not None and not self._knocks.of(_pair(address, cp_id), at).try_take(at):
            return Denied(_TOO_MANY, "too many sockets of this station, try again in a minute")
        return None

    def failed(self, address: str, cp_id: str | None) -> None:
        """A handshake was looked at and refused: a wrong key, or nobody's name."""
        at = time.monotonic()
        self._failures.of(_pair(address, cp_id), at).try_take(at)
        self._site_failures.of(address, at).try_take(at)

    def entered(self, address: str) -> None:
        """A socket was opened."""
        self._inside[address] += 1

    def left(self, address: str) -> None:
        """It was closed."""
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]

    def _has_failed_too_often(self, address: str, cp_id: str | None, at: float) -> bool:
        """A station where another one fails is not locked out before the whole address is."""
        alone, site = self._failures.of(_pair(address, cp_id), at), self._site_failures
        return alone.is_used_up(at) or site.of(address, at).is_used_up(at)


def _pair(address: str, cp_id: str | None) -> str:
    return f"{address} {(cp_id or '').upper()}"


@cache
def _of(loop: asyncio.AbstractEventLoop) -> Door:
    return Door()


def here() -> Door:
    """The door of the running event loop, made with its first use."""
    return _of(asyncio.get_running_loop())
