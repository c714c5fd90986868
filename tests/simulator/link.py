"""A station's socket and the conversation on it: calls out, commands in, reconnects."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from ocpp_gateway.frames import Call, CallError, Malformed
from ocpp_gateway.rpc import (
    Answered,
    CallReceived,
    Conversation,
    Event,
    Ignored,
    Refused,
    Replayed,
)
from tests.simulator.dialling import dial
from tests.simulator.failures import CallFailed, CallRefused, OutOfPatience, Unanswered
from tests.simulator.records import Records

FIRST_RETRY_S, LAST_RETRY_S = 0.2, 10.0
log = logging.getLogger("simulator")

Answer = dict[str, Any] | CallError
AfterAnswer = Callable[[], Coroutine[Any, Any, None]]
AnswerTo = Callable[[Call], tuple[Answer, AfterAnswer | None]]
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Link:
    """The one connection of a station; ``ready`` is set while its messages may flow.

    ``lost_power`` is set where the station lost more than its line: it has to boot again.
    """

    def __init__(
        self,
        url: str,
        cp_id: str,
        records: Records,
        rng: random.Random,
        *,
        key: bytes | None = None,
        timeout: float = 30.0,
        patience: float | None = None,
        ping_interval: Callable[[], int] = lambda: 20,
    ):
        self.ready = asyncio.Event()
        self.lost_power = False
        self.key = key
        self._ping_interval = ping_interval
        self._url = url
        self._cp_id, self._records, self._rng = cp_id, records, rng
        self._timeout, self._patience = timeout, patience
        self._socket: ClientConnection | None = None
        self._left: list[ClientConnection] = []  # still open for all their other end can tell
        self._reading: asyncio.Task[None] | None = None
        self._conversation = Conversation()
        self._lane = asyncio.Lock()  # one open call of ours at a time
        self._waiting: asyncio.Future[dict[str, Any]] | None = None
        self._deaf = self._closing = False
        self._outage_s = 0.0
        self._outage_over = asyncio.Event()
        self._heard_at = monotonic()
        self._complaint = ""
        self._retry_s = FIRST_RETRY_S
        prefix = secrets.token_hex(5)
        self._ids = (f"{prefix}-{number}" for number in itertools.count(1))

    async def run(
        self,
        greet: Callable[[], Awaitable[None]],
        answer: AnswerTo,
        spawn: Spawn,
    ) -> None:
        """Stay connected until ``close``. Raises OutOfPatience.

        ``greet`` speaks first on every new socket; ``answer`` gives the answer to a command and
        what to do afterwards, which ``spawn`` starts: nothing is awaited inside the reader.
        """
        self._heard_at = monotonic()
        try:
            while await self._connect_patiently():
                heard_at = self._heard_at
                async with asyncio.TaskGroup() as group:
                    greeting = group.create_task(self._greet(greet))
                    self._reading = group.create_task(self._read(answer, spawn))
                    await asyncio.wait([self._reading])
                    greeting.cancel()
                if self._heard_at == heard_at:  # a server that says nothing is as good as none
                    await self._back_off()
                await self._sit_out()
        finally:
            self.cut()
            for socket in self._left:
                socket.transport.abort()

    async def call(
        self, action: str, payload: dict[str, Any], *, fault: str = ""
    ) -> dict[str, Any]:
        """Ask once and give the answer. Raises Unanswered or CallRefused."""
        async with self._lane:
            if self._socket is None:
                raise Unanswered("not connected")
            call = Call(next(self._ids), action, payload)
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self._timeout):
                    await self._transmit(self._conversation.send(call), fault)
                    answer = await self._waiting
            except TimeoutError:
                self._lose_patience()
                raise Unanswered(f"no answer to {action}") from None
            except CallFailed as failure:
                what = "refused" if isinstance(failure, CallRefused) else "unanswered"
                self._records.note(what)
                raise
            finally:
                self._conversation.give_up()
                self._waiting = None
        self._records.acknowledge(action, payload, answer)
        return answer

    def cut(self, outage_s: float = 0.0) -> None:
        """Lose the connection as a power cut does, without a closing handshake."""
        self._outage_s = outage_s
        if self._socket is not None:
            self._socket.transport.abort()
        self._gone()

    def end_outage(self) -> None:
        """No outage lasts any longer: the station wants to say goodbye."""
        self._outage_over.set()

    async def reconnect(self) -> None:
        """Close the socket properly; ``run`` opens the next one."""
        self.ready.clear()
        if self._socket is not None:
            await self._socket.close()

    async def close(self) -> None:
        """Close for good: ``run`` returns."""
        self._closing = True
        await self.reconnect()

    async def _connect_patiently(self) -> bool:
        """Connect however often it takes; False where the station is being closed."""
        while not self._closing:
            try:
                ping_interval_s = self._ping_interval()
                self._socket = await dial(self._url, self._cp_id, self.key, ping_interval_s)
            except (OSError, TimeoutError, WebSocketException) as error:
                self._complain(error)
                await self._back_off()
            else:
                self._conversation = Conversation()
                self._records.note("connected")
                return not self._closing
        return False

    async def _back_off(self) -> None:
        """Wait longer each time. Raises OutOfPatience."""
        away = monotonic() - self._heard_at
        if self._patience is not None and away > self._patience:
            raise OutOfPatience(f"{self._cp_id}: no server for {away:.0f} s ({self._complaint})")
        # Jitter: a fleet must not come back in one instant.
        await asyncio.sleep(self._retry_s * self._rng.uniform(0.5, 1.0))
        self._retry_s = min(self._retry_s * 2, LAST_RETRY_S)

    async def _sit_out(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._outage_s):
                await self._outage_over.wait()
        self._outage_s = 0.0

    async def _greet(self, greet: Callable[[], Awaitable[None]]) -> None:
        try:
            await greet()
        except CallFailed as error:
            self._complain(error)
            self.cut()
        if self._socket is not None:  # it may have gone while we spoke
            self.ready.set()

    async def _read(self, answer: AnswerTo, spawn: Spawn) -> None:
        socket = self._socket
        try:
            while socket is not None:
                text = await socket.recv()
                if not isinstance(text, str):
                    continue
                self._heard_at, self._retry_s, self._complaint = monotonic(), FIRST_RETRY_S, ""
                log.debug("[%s] < %s", self._cp_id, text)
                if self._deaf:  # the answer is lost on its way to us
                    self.cut(self._outage_s)
                    continue
                await self._act(socket, self._conversation.receive(text), answer, spawn)
        except ConnectionClosed as closed:
            log.debug("[%s] closed: %s", self._cp_id, closed)
        finally:
            self._gone()

    async def _act(
        self, socket: ClientConnection, event: Event, answer: AnswerTo, spawn: Spawn
    ) -> None:
        waiting = self._waiting
        match event:
            case CallReceived(call):
                content, afterwards = answer(call)
                await self._reply(socket, call, content)
                if afterwards is not None:
                    spawn(afterwards())
            case Replayed(text):
                await socket.send(text)
            case Answered(_, payload) if waiting and not waiting.done():
                waiting.set_result(payload)
            case Refused(_, error) if waiting and not waiting.done():
                waiting.set_exception(CallRefused(error))
            case Malformed(unique_id, description):
                error = CallError(unique_id, "FormationViolation", description)
                await socket.send(self._conversation.refuse(error))
            case Ignored(reason):
                log.debug("[%s] ignored: %s", self._cp_id, reason)

    async def _reply(self, socket: ClientConnection, call: Call, content: Answer) -> None:
        if isinstance(content, CallError):
            text = self._conversation.refuse(content)
        else:
            text = self._conversation.answer(call.unique_id, content)
        log.debug("[%s] > %s", self._cp_id, text)
        await socket.send(text)

    async def _transmit(self, text: str, fault: str) -> None:
        """Send, with the accident asked for (see faults.py)."""
        assert self._socket is not None
        if fault == "cut-before":
            return self.cut(self._outage_s)
        self._deaf = fault == "answer-lost"
        self._records.note("sent")
        log.debug("[%s] > %s", self._cp_id, text)
        try:
            await self._socket.send(text)
            if fault == "frame-twice":
                await self._socket.send(text)
        except ConnectionClosed:
            self._gone()
        if fault == "left-open":
            self._leave_open()
        elif fault in ("cut-after", "power-lost"):
            self.lost_power = fault == "power-lost"
            self.cut(self._outage_s)

    def _leave_open(self) -> None:
        """Turn to a new socket without a word on this one, as after a lost Wi-Fi."""
        if self._socket is not None and self._reading is not None:
            self._left.append(self._socket)
            self._reading.cancel()
            self._gone()

    def plan_outage(self, seconds: float) -> None:
        """How long the line stays dead after the next cut."""
        self._outage_s = seconds

    def _gone(self) -> None:
        self.ready.clear()
        self._socket, self._deaf = None, False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unanswered("the connection is gone"))

    def _lose_patience(self) -> None:
        self._records.note("unanswered")
        if self._patience is not None and monotonic() - self._heard_at > self._patience:
            self.cut()

    def _complain(self, error: Exception) -> None:
        if str(error) != self._complaint:  # once per reason, not once per attempt
            self._complaint = str(error)
            log.warning("[%s] %s: %s", self._cp_id, type(error).__name__, error)
