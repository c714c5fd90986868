"""The lane of calls a station makes: answered one by one, in order, after the commit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from ocpp_gateway import dispatch, tolerances, workers
from ocpp_gateway.dispatch import Alone, AtOnce, Inbound, Payload, Route
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.models import Direction
from ocpp_gateway.notebook import Exchange

if TYPE_CHECKING:
    from ocpp_gateway.consumers import Socket

logger = logging.getLogger(__name__)
ACCEPTED = "Accepted"
# Calls that name their own moment: the same text is the same event, so its answer may be given
# again. Other answers age (the time of a Heartbeat, the verdict of an Authorize), and stations
# that use one id for everything would get old ones.
_DATED = ("StartTransaction", "StopTransaction", "MeterValues")


class _Taken(NamedTuple):
    call: Call | CallError  # an error: the frame was malformed, but has an id to answer
    text: str
    at: datetime
    clock: float


class Answering:
    """Answers the calls of one socket. What waits is bounded: then the reader waits, too."""

    def __init__(self, socket: Socket, calls: dict[str, Route]) -> None:
        self._socket = socket
        self._calls = calls
        self._waiting: deque[_Taken] = deque()
        self._serving: asyncio.Task[None] | None = None

    async def take(self, call: Call | CallError, text: str, at: datetime) -> None:
        """Answer ``call`` after those before it.

        What needs no transaction of its own is answered right here, where nothing waits before
        it: the reader pauses for a shared commit at most, which costs less than a task.
        """
        taken = _Taken(call, text, at, time.monotonic())
        if self._serving is None and self._is_quick(call):
            await self._answer(taken)
            return
        self._waiting.append(taken)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        elif len(self._waiting) >= settings.OCPP_MAX_PENDING_CALLS:
            await asyncio.wait([self._serving])

    async def finish(self) -> None:
        """Let what was taken be stored: the socket is gone, but what it said counts."""
        if self._serving is not None:
            await asyncio.wait([self._serving])

    def _is_quick(self, call: Call | CallError) -> bool:
        return isinstance(call, CallError) or not isinstance(self._calls.get(call.action), Alone)

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await self._answer(self._waiting.popleft())
        finally:
            self._serving = None

    async def _answer(self, taken: _Taken) -> None:
        conversation = self._socket.conversation
        result = taken.call
        if isinstance(result, Call):
            payload = await self._result(result, taken.at)
            if isinstance(payload, CallError):
                result = payload
            else:
                again = result.action in _DATED
                text = conversation.answer(result.unique_id, payload, again=again)
                await self._sent(taken, text, "")
                self._socket.answered(result, payload)
                await self._follow(result, payload, taken.at)
                return
        await self._sent(taken, conversation.refuse(result), result.code)

    async def _sent(self, taken: _Taken, text: str, error_code: str) -> None:
        await self._socket.send(text)
        call = taken.call
        self._socket.note(
            Exchange(
                self._socket.station.pk,
                Direction.RECEIVED.value,
                call.unique_id,
                call.action[:255] if isinstance(call, Call) else "",
                taken.text,
                text,
                error_code,
                taken.at,
                int((time.monotonic() - taken.clock) * 1000),
            )
        )

    async def _result(self, call: Call, at: datetime) -> Payload | CallError:
        if self._socket.registration != ACCEPTED and call.action != "BootNotification":
            # OCPP 1.6 section 4.2: nothing else is served before the station is accepted.
            return CallError(call.unique_id, "SecurityError", "this station is not accepted yet")
        station = self._socket.station
        try:
            found = dispatch.route(self._calls, call, self._socket.tolerated)
            if isinstance(found, CallError):
                return found
            route, payload = found
            answer = await self._perform(route, self._inbound(payload, at))
            if call.action == "BootNotification" and tolerances.is_other(station, payload):
                self._socket.learn(await workers.run(tolerances.of_booted, station))
            return answer
        except Exception as error:
            refusal = dispatch.refusal(error, call.action, station.cp_id)
            return CallError(call.unique_id, refusal.code, refusal.description)

    def _inbound(self, payload: Payload, at: datetime) -> Inbound:
        station, model, note = self._socket.station, self._socket.model, self._socket.tolerated
        return Inbound(station.pk, station.cp_id, model.zone, payload, at, model, note)

    async def _follow(self, call: Call, answer: Payload, at: datetime) -> None:
        """Do what comes after the answer; where that fails, a periodic task does it."""
        route = self._calls.get(call.action)
        if not isinstance(route, Alone) or route.afterwards is None:
            return
        if answer.get("status") != ACCEPTED:
            return
        try:
            await workers.run(route.afterwards, self._inbound(call.payload, at))
        except Exception as error:
            cp_id = self._socket.station.cp_id
            logger.error("[%s] What follows %s waits: %s", cp_id, call.action, error)

    async def _perform(self, route: Route, inbound: Inbound) -> Payload:
        if isinstance(route, AtOnce):
            return route.answer(inbound)
        if isinstance(route, Alone):
            return await workers.run(route.answer, inbound)
        await self._socket.switchboard.batcher.submit(route, inbound)
        return {}
