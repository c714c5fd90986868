"""One closed-loop charging station on a raw socket, and the fleet that counts what it does."""

from __future__ import annotations

import asyncio
import json
import time
from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.benchmarks import wire

_NORMAL_CLOSURE = b"\x03\xe8"  # 1000: RFC 6455 section 7.4.1


class Plan(NamedTuple):
    """What to do: where, with how many chargers, for how long."""

    port: int
    path: str
    prefix: str
    chargers: int
    seconds: float
    warmup: float
    server_pid: int
    kill: bool  # the server, with SIGKILL, at the end of the measured time


class Fleet:
    """All chargers of one run and what is counted of them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = wire.Clock()
        self.latencies = array("d")  # seconds, of the answers in the measured time
        self.recording = False
        self.running = False
        self.sent = 0
        self.acknowledged = 0
        self.asked_by_server = 0
        self.in_flight: set[Charger] = set()
        self.drained = asyncio.Event()
        self.failures: Counter[str] = Counter()

    def settled(self, charger: Charger) -> None:
        """``charger`` waits for nothing any more."""
        self.in_flight.discard(charger)
        if not self.running and not self.in_flight:
            self.drained.set()


class Charger(asyncio.Protocol):
    """One charging station on one socket; ``ready`` is done when its transaction runs."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self._fleet = fleet
        self._path = fleet.plan.path + name
        self._buffer = bytearray()
        self._handshake: wire.Handshake | None = None
        self._opening = wire.opening(fleet.clock.text(fleet.clock.milliseconds()).decode())
        self._step = 0
        self._number = wire.FIRST_NUMBER
        self._last_at = 0
        self._expected = b""
        self._sent_at = 0.0
        self._frame: Callable[[int, bytes], bytes] | None = None
        self._failed = self._leaving = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.left = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        """Ask for the WebSocket."""
        self._transport = transport
        self._handshake = wire.Handshake(f"127.0.0.1:{self._fleet.plan.port}", self._path)
        transport.write(self._handshake.request)

    def connection_lost(self, error: Exception | None) -> None:
        """A socket that closes before we let it is a failure."""
        self.left.set()
        if self._leaving:
            self._fleet.settled(self)
        else:
            self._fail(f"the socket closed ({error or 'end of stream'})")

    def data_received(self, data: bytes) -> None:
        """Take what came; the usual case, exactly one short answer, comes first."""
        if data[0] == wire.TEXT and data[1] == len(data) - 2 and not self._buffer:
            self._text(data[2:])
        elif not self._failed:
            self._buffer += data
            self._read_buffer()

    def report(self) -> None:
        """Send the next MeterValues and remember when."""
        fleet = self._fleet
        assert self._frame is not None
        self._number += 1
        # A natural key of (station, time) must never see the same time twice.
        self._last_at = at = max(fleet.clock.milliseconds(), self._last_at + 1)
        frame = self._frame(self._number, fleet.clock.text(at))
        self._expected = b"%d" % self._number
        fleet.sent += 1
        self._sent_at = time.perf_counter()
        self._transport.write(frame)

    def expect_the_end(self) -> None:
        """From now on a closed socket is right."""
        self._leaving = True

    def leave(self) -> None:
        """Ask for the end of the socket; ``left`` is done when it has ended."""
        self.expect_the_end()
        if not self._transport.is_closing():
            self._transport.write(wire.client_frame(_NORMAL_CLOSURE, wire.CLOSE))

    def _read_buffer(self) -> None:
        if self._handshake is not None and not self._upgraded():
            return
        try:
            for frame in wire.server_frames(self._buffer):
                self._other_frame(frame)
        except ValueError as error:
            self._fail(f"unreadable: {error}")

    def _upgraded(self) -> bool:
        assert self._handshake is not None
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not end:
            return False
        if complaint := self._handshake.complaint(head):
            self._fail(complaint)
            return False
        self._handshake, self._buffer = None, bytearray(rest)
        self._call_next()
        return True

    def _other_frame(self, frame: wire.ServerFrame) -> None:
        if frame.kind == wire.TEXT:
            self._text(frame.payload)
        elif frame.kind == wire.PING:
            self._transport.write(wire.client_frame(frame.payload, wire.PONG))
        elif frame.kind == wire.CLOSE and self._leaving:
            self._transport.close()
        elif frame.kind != wire.PONG:
            self._fail(f"a frame of kind {frame.kind:#x}: {frame.payload[2:80]!r}")

    def _text(self, text: bytes) -> None:
        if self._failed:
            return
        if text.startswith(b"[3"):
            if self._frame is None:
                self._opened(text)
            elif self._expected in text:
                self._acknowledged()
            else:
                self._fail(f"an answer to something else: {text[:80]!r}")
        elif text.startswith(b"[2"):
            self._fleet.asked_by_server += 1
            self._transport.write(wire.answer_to_server(text))
        else:
            self._fail(f"refused: {text[:160].decode(errors='replace')}")

    def _acknowledged(self) -> None:
        fleet = self._fleet
        fleet.acknowledged += 1
        if fleet.recording:
            fleet.latencies.append(time.perf_counter() - self._sent_at)
        if fleet.running:
            self.report()
        else:
            fleet.settled(self)

    def _call_next(self) -> None:
        action, payload = self._opening[self._step]
        self._expected = f"opening-{self._step}".encode()
        self._transport.write(wire.call(self._expected.decode(), action, payload))

    def _opened(self, text: bytes) -> None:
        _, unique_id, payload = json.loads(text)
        action, _ = self._opening[self._step]
        if unique_id.encode() != self._expected:
            self._fail(f"an answer to something else: {text[:80]!r}")
        elif action == "BootNotification" and payload.get("status") != "Accepted":
            self._fail(f"BootNotification was answered {payload.get('status')}")
        elif action == "StartTransaction":
            self._started(payload.get("transactionId"))
        else:
            self._step += 1
            self._call_next()

    def _started(self, transaction_id: object) -> None:
        if not isinstance(transaction_id, int) or transaction_id < 1:
            self._fail(f"StartTransaction gave the transaction id {transaction_id!r}")
            return
        self._frame = wire.meter_values(transaction_id)
        self.ready.set_result(None)

    def _fail(self, reason: str) -> None:
        if self._failed:
            return
        self._failed = True
        self._fleet.failures[reason] += 1
        if not self.ready.done():
            self.ready.set_result(None)
        self._fleet.settled(self)
        self._transport.close()
