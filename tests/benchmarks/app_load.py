"""Stations that report at a fixed pace, and the apps of their drivers that hear of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks import wire

_STEP_WH = 10  # each reading is another number, by which an app's frame is known
_OPENING = 40  # sockets that open at a time
_PATIENCE_S = 60.0
BIG = {"proxy": None, "ping_interval": None, "compression": None, "open_timeout": _PATIENCE_S}


class Driver(NamedTuple):
    """Who charges where: their token, their card, their station."""

    token: str
    id_tag: str
    cp_id: str


class Opens(Protocol):
    """A socket."""

    async def open(self, url: str) -> None:
        """Connect."""


class Told:
    """What apps heard: how late, how often, and what was not theirs."""

    def __init__(self) -> None:
        self.recording = False
        self.delays: list[float] = []
        self.frames = self.readings = 0
        self.of_others: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()


class Station:
    """One connector that charges, and when it said each of its readings."""

    def __init__(self, driver: Driver, told: Told) -> None:
        self.driver = driver
        self.sent_at: dict[int, float] = {}
        self.transaction = 0
        self._told = told
        self._socket: ClientConnection
        self._last_ms = 0

    async def open(self, url: str) -> None:
        """Connect and begin a session."""
        cp_id = self.driver.cp_id
        self._socket = await connect(f"{url}/ocpp/{cp_id}", subprotocols=["ocpp1.6"], **BIG)  # type: ignore[arg-type, list-item]
        for number, (action, payload) in enumerate(wire.opening(now())):
            if action == "StartTransaction":
                payload["idTag"] = self.driver.id_tag
            said = await self._ask(str(number), action, payload)
        self.transaction = said["transactionId"]

    async def report(self, seconds: float, pace_s: float, first: int) -> None:
        """Say a reading every ``pace_s`` seconds, whether or not the last one is answered yet."""
        frame = wire.meter_values(self.transaction)
        clock, began = wire.Clock(), time.perf_counter()
        reader = asyncio.create_task(self._read())
        for turn in range(int(seconds / pace_s)):
            await asyncio.sleep(max(0.0, began + turn * pace_s - time.perf_counter()))
            number = wire.FIRST_NUMBER + (first + turn) * _STEP_WH
            self._last_ms = max(clock.milliseconds(), self._last_ms + 1)
            self.sent_at[number] = time.perf_counter()
            self._told.readings += self._told.recording
            self._socket.transport.write(frame(number, clock.text(self._last_ms)))
        await asyncio.sleep(1.0)
        reader.cancel()

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()

    async def _read(self) -> None:
        async for text in self._socket:
            if str(text).startswith("[2"):
                self._socket.transport.write(wire.answer_to_server(str(text).encode()))
            elif not str(text).startswith("[3"):
                self._told.failures[f"a station was told {str(text)[:80]}"] += 1

    async def _ask(self, number: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        await self._socket.send(json.dumps([2, number, action, payload]))
        while True:
            frame = json.loads(await asyncio.wait_for(self._socket.recv(), _PATIENCE_S))
            if frame[0] == 2:
                answer = wire.answer_to_server(json.dumps(frame).encode())
                self._socket.transport.write(answer)
            elif frame[1] == number:
                return dict(frame[2])


class App:
    """One device of a driver: each of its frames has to be about the driver's own station."""

    def __init__(self, station: Station, told: Told) -> None:
        self._station, self._told = station, told
        self._socket: ClientConnection
        self._reader: asyncio.Task[None]

    async def open(self, url: str) -> None:
        """Connect, logged in by the handshake, of which the socket says so."""
        bearer = {"Authorization": f"Bearer {self._station.driver.token}"}
        self._socket = await connect(f"{url}/ws", additional_headers=bearer, **BIG)  # type: ignore[arg-type]
        while json.loads(await self._socket.recv())["type"] != "auth_response":
            pass
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Leave."""
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            if frame["type"] == "meter_values_update":
                self._hear(frame["data"], time.perf_counter())
            elif frame["type"] == "error":
                self._told.failures[f"an app was told {frame['error']}"] += 1

    def _hear(self, data: dict[str, Any], at: float) -> None:
        if data["chargePointId"] != self._station.driver.cp_id:
            self._told.of_others[data["chargePointId"]] += 1
        register = round(data["meterValue"]["energyImportKWh"] * 1000)
        sent_at = self._station.sent_at.get(register)
        if self._told.recording and sent_at is not None:
            self._told.frames += 1
            self._told.delays.append(at - sent_at)


async def opened(some: Sequence[Opens], url: str) -> None:
    """Open them all, some at a time."""
    turn = asyncio.Semaphore(_OPENING)

    async def one(each: Opens) -> None:
        async with turn:
            await each.open(url)

    await asyncio.gather(*(one(each) for each in some))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
