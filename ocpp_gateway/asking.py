"""The lane of calls we make: one at a time, each claimed from its row, sent, and settled."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings

from cms.shared import clock
from ocpp_gateway import outbox, workers
from ocpp_gateway.frames import Call, CallError, CallResult, encode
from ocpp_gateway.models import Direction
from ocpp_gateway.notebook import Exchange
from ocpp_gateway.rpc import Answered, Late, Refused
from stations.services.commands import Outcome

if TYPE_CHECKING:
    from ocpp_gateway.consumers import Socket

logger = logging.getLogger(__name__)
Result = Answered | Refused | Outcome


class Asking:
    """Sends the commands that wait for one station. A task of its own awaits the answers.

    Nothing goes out before the station's first call is answered and a moment has passed: a call
    in between sends some into a boot loop (Wallbox). A station that says nothing is asked after a
    longer while.
    """

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._ready = False
        self._rung = False
        self._draining: asyncio.Task[None] | None = None
        self._answer: asyncio.Future[Result] | None = None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(settings.OCPP_QUIET_SECONDS, self._start)

    def greeted(self) -> None:
        """The station's first call is answered: it may be asked in a moment."""
        if not self._ready:
            self._timer.cancel()
            loop = asyncio.get_running_loop()
            own = self._socket.model.settle_s
            settled = settings.OCPP_SETTLE_SECONDS if own is None else own
            if own is not None:
                self._socket.tolerated("settle_seconds", f"{own} s")
            self._timer = loop.call_later(settled, self._start)
            self._ready = True

    def ring(self) -> None:
        """Look for waiting commands, now or as soon as the station may be asked."""
        self._rung = True
        if not self._timer.cancelled() and self._timer.when() > asyncio.get_running_loop().time():
            return  # the timer will look
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    def answered(self, result: Answered | Refused) -> None:
        """The station answered the open call."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(result)

    async def answered_late(self, late: Late) -> None:
        """An answer after its time: what it means still counts, as of a reserved connector."""
        try:
            await workers.run(
                outbox.settle_late, station_id=self._socket.station.pk, late=late, at=clock.now()
            )
        except Exception as error:  # the row says already that no answer came in time
            logger.error("[%s] A late answer is lost: %s", self._socket.station.cp_id, error)

    async def close(self) -> None:
        """The socket is gone: the open call gets no answer any more."""
        self._timer.cancel()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(outbox.CONNECTION_LOST)
        if self._draining is not None:
            await asyncio.wait([self._draining])

    def _start(self) -> None:
        self._ready = True
        self._timer.cancel()
        self.ring()

    async def _drain(self) -> None:
        try:
            while self._rung and not self._socket.closed:
                self._rung = False
                while await self._ask_next():
                    pass
        except Exception as error:  # the rows stay as they are: the next ring looks again
            logger.error("[%s] Commands wait: %s", self._socket.station.cp_id, error)
        finally:
            self._draining = None

    async def _ask_next(self) -> bool:
        claimed = await workers.run(
            outbox.next_call,
            station_id=self._socket.station.pk,
            connection_id=self._socket.connection_id,
            at=clock.now(),
        )
        if claimed is None:
            return False
        command_id, call = claimed
        sent_at, since = clock.now(), time.monotonic()
        result = await self._ask(call)
        self._note(call, result, sent_at, since)
        await workers.run(
            outbox.settle,
            command_id=command_id,
            result=result,
            at=clock.now(),
            note=self._socket.tolerated,
        )
        return not self._socket.closed

    async def _ask(self, call: Call) -> Result:
        if self._socket.closed:  # since it was claimed
            return outbox.CONNECTION_LOST
        self._answer = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(self._socket.conversation.send(call))
            return await asyncio.wait_for(self._answer, settings.OCPP_COMMAND_TIMEOUT)
        except TimeoutError:
            return outbox.NO_ANSWER
        finally:
            self._socket.conversation.give_up()
            self._answer = None

    def _note(self, call: Call, result: Result, sent_at: object, since: float) -> None:
        response, code = _response(call, result)
        latency = int((time.monotonic() - since) * 1000) if response else None
        self._socket.note(
            Exchange(
                self._socket.station.pk,
                Direction.SENT.value,
                call.unique_id,
                call.action,
                encode(call),
                response,
                code,
                sent_at,  # type: ignore[arg-type]
                latency,
            )
        )


def _response(call: Call, result: Result) -> tuple[str, str]:
    """The text of the answer, and its error code."""
    if isinstance(result, Answered):
        return encode(CallResult(call.unique_id, result.payload)), ""
    if isinstance(result, Refused):
        error: CallError = result.error
        return encode(error), error.code[:50]
    return "", ""
