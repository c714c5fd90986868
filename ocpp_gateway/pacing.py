"""How fast one socket is read. Who sends more waits: its frames stay in its own TCP connection.

A station that asks, waits and asks again is only ever slowed. A flood is something else: frame
upon frame is there already, however long each has waited; it ends the socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from django.conf import settings

from ocpp_gateway.allowance import Allowance

UNREAD = "voltdesk.unread"  # the extension of ASGI by which our servers say what waits unread
_SMALL = 3  # pings and pieces cost a third of a message


class Pace:
    """The pace of one socket; ``unread`` says how many messages of it wait in this process."""

    def __init__(self, unread: Callable[[], int]) -> None:
        self._most = settings.OCPP_FRAME_BURST
        self._allowance = Allowance(settings.OCPP_FRAMES_PER_SECOND, self._most, time.monotonic())
        self._unread = unread
        self._in_a_row = 0

    async def keep(self) -> bool:
        """Count a frame, and wait where there were too many; gives whether it is a flood."""
        seconds = self._allowance.take(time.monotonic())
        if seconds <= 0:
            self._in_a_row = 0
            return False
        await asyncio.sleep(seconds)
        self._in_a_row = self._in_a_row + 1 if self._unread() else 0
        return self._in_a_row > self._most


class SmallChange:
    """What a socket sends beside messages, such as pings and pieces: no application sees it."""

    def __init__(self) -> None:
        rate, burst = settings.OCPP_FRAMES_PER_SECOND, settings.OCPP_FRAME_BURST
        self._allowance = Allowance(rate * _SMALL, burst * _SMALL, time.monotonic())

    def is_too_much(self) -> bool:
        """Count one; gives whether that was one too many."""
        return not self._allowance.try_take(time.monotonic())
