"""What a station still has to say, in order; transaction messages stay until answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulator.clock import Clock
from tests.simulator.failures import CallRefused, Unanswered
from tests.simulator.link import Link
from tests.simulator.messages import Message
from tests.simulator.records import Records


class Outbox:
    """The queue of one station; it survives every socket.

    A kept message leaves it only when its CALLRESULT arrived, or after ``attempts`` CALLERRORs
    (TransactionMessageAttempts, OCPP 1.6 section 9.1.29), between which the wait grows by
    ``retry_wait`` seconds each time (TransactionMessageRetryInterval, 9.1.30).
    """

    def __init__(
        self,
        link: Link,
        records: Records,
        clock: Clock,
        *,
        attempts: Callable[[], int],
        retry_wait: Callable[[], float],
        outage: Callable[[], float] = lambda: 0.0,
    ):
        self._link, self._records, self._clock = link, records, clock
        self._attempts, self._retry_wait, self._outage = attempts, retry_wait, outage
        self._messages: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Add a message at the end."""
        self._messages.append(message)
        self._filled.set()
        self._empty.clear()

    def forget_passing(self) -> None:
        """Drop what is not kept: after a reconnect the current status is told instead."""
        for message in [entry for entry in self._messages if not entry.kept]:
            self._remove(message, "passed_over")

    async def drained(self) -> None:
        """Wait until everything was answered."""
        await self._empty.wait()

    async def pump(self) -> None:
        """Deliver for ever, one message at a time, the first one first."""
        while True:
            await self._filled.wait()
            await self._link.ready.wait()
            if self._messages:
                await self._deliver(self._messages[0])

    async def _deliver(self, message: Message) -> None:
        fault, message.fault = message.fault, ""  # an accident happens once
        if message.sends:
            self._records.note("retried")
        message.sends += 1
        if fault:
            self._link.plan_outage(self._outage())
        try:
            answer = await self._link.call(message.action, message.to_send(), fault=fault)
        except CallRefused:
            await self._refused(message)
        except Unanswered:
            if not message.kept:
                self._remove(message, "passed_over")
        else:
            self._acknowledged(message, answer)

    async def _refused(self, message: Message) -> None:
        message.refusals += 1
        if not message.kept or message.refusals >= self._attempts():
            self._remove(message, "abandoned" if message.kept else "passed_over")
            return
        await self._clock.wait(self._retry_wait() * message.refusals)

    def _acknowledged(self, message: Message, answer: dict[str, Any]) -> None:
        if message.transaction is not None:
            self._learn(message, answer)
        self._remove(message)
        if message.on_answer is not None:
            message.on_answer(answer)

    def _learn(self, message: Message, answer: dict[str, Any]) -> None:
        transaction = message.transaction
        assert transaction is not None
        if message.action == "StartTransaction":
            if transaction.id not in (None, answer["transactionId"]):
                self._records.note("conflicts")  # a retry must get the id it had
            transaction.id = answer["transactionId"]
        elif message.action == "StopTransaction":
            transaction.stop_acknowledged = True

    def _remove(self, message: Message, why: str = "") -> None:
        if message in self._messages:
            self._messages.remove(message)
        if why:
            self._records.note(why)
        if not self._messages:
            self._filled.clear()
            self._empty.set()
