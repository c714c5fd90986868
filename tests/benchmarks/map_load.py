"""Stations whose connector is free and taken in turn, and the apps that follow them on the map."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from typing import Any, NamedTuple

import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.app_load import BIG, now

SOUTH, NORTH, WEST, EAST = 47.0, 55.0, 6.0, 15.0
_WORDS = ("Charging", "Available")  # by how many are free
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"freeOnly": True},
    {"connectorTypes": ["Type 2"]},
    {"minPower": 10},
)


class Place(NamedTuple):
    """A site with one station."""

    site_id: int
    cp_id: str
    latitude: float
    longitude: float


class Heard:
    """What all apps together heard of how many changes."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.answers: list[float] = []  # to the stations: what is late there, no app heard earlier
        self.frames = self.features = self.changes = self.size = 0
        self.failures: Counter[str] = Counter()


class Outlet:
    """A station that says it is free, or not, at a fixed pace."""

    def __init__(self, place: Place) -> None:
        self.place, self.free = place, 0
        self.said_at = [0.0, 0.0]  # when last that none is free, and that one is
        self.heard: Heard | None = None
        self._asked_at: dict[str, float] = {}
        self._numbers = itertools.count()
        self._socket: ClientConnection
        self._reader: asyncio.Task[None]

    async def open(self, url: str) -> None:
        """Connect."""
        address = f"{url}/ocpp/{self.place.cp_id}"
        self._socket = await connect(address, subprotocols=["ocpp1.6"], **BIG)  # type: ignore[arg-type, list-item]
        self._reader = asyncio.create_task(self._read())
        said = {"chargePointVendor": "Benchmark", "chargePointModel": "Map"}
        await self._say("BootNotification", said)
        await self.change()

    async def change(self) -> None:
        """Free where it was taken, and the other way round."""
        self.free = 1 - self.free
        self.said_at[self.free] = time.perf_counter()
        said = {"connectorId": 1, "status": _WORDS[self.free], "errorCode": "NoError"}
        await self._say("StatusNotification", {**said, "timestamp": now()})

    async def report(self, seconds: float, pace_s: float, heard: Heard) -> None:
        """Change every ``pace_s`` seconds; each station at its own moment."""
        await asyncio.sleep(random.random() * pace_s)
        for _ in range(int(seconds / pace_s)):
            began = time.perf_counter()
            await self.change()
            heard.changes += 1
            await asyncio.sleep(max(0.0, began + pace_s - time.perf_counter()))

    async def close(self) -> None:
        """Leave."""
        self._reader.cancel()
        await self._socket.close()

    async def _say(self, action: str, payload: dict[str, Any]) -> None:
        number = f"m{next(self._numbers)}"
        self._asked_at[number] = time.perf_counter()
        await self._socket.send(json.dumps([2, number, action, payload]))

    async def _read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            asked_at = self._asked_at.pop(frame[1], None)
            if asked_at is not None and self.heard is not None:
                self.heard.answers.append(time.perf_counter() - asked_at)
            if frame[0] == 2:  # GetConfiguration and the like: it knows nothing of it
                await self._socket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))


class MapApp:
    """A device that follows a part of the map, or a site; of nothing else may it hear."""

    def __init__(self, token: str, number: int, outlets: dict[int, Outlet]) -> None:
        self._token, self._outlets = token, outlets
        self.heard: Heard | None = None
        self.failures: Counter[str] = Counter()
        self._free: dict[int, int] = {}
        chance = random.Random(number)
        centre = chance.choice([*outlets.values()]).place
        self._topic, self._filter = "markers", dict(_FILTERS[number % len(_FILTERS)])
        self._box = _around(centre, chance) if number % 20 else (WEST, SOUTH, EAST, NORTH)
        if number % 20 == 10:
            self._topic, self._filter = f"site:{centre.site_id}", {}
            self._wanted = {centre.site_id}
        else:
            self._filter["bbox"] = [*self._box]
            self._wanted = {n for n, one in outlets.items() if _is_in(one.place, self._box)}
        self._socket: ClientConnection
        self._reader: asyncio.Task[None]

    async def open(self, url: str) -> None:
        """Connect, logged in by the handshake, and subscribe."""
        bearer = {"Authorization": f"Bearer {self._token}"}
        self._socket = await connect(f"{url}/ws", additional_headers=bearer, **BIG)  # type: ignore[arg-type]
        self._reader = asyncio.create_task(self._read())
        data = {"topic": self._topic, "filter": self._filter}
        await self._socket.send(json.dumps({"id": "1", "type": "subscribe", "data": data}))

    async def close(self) -> None:
        """Leave."""
        self._reader.cancel()
        await self._socket.close()

    @property
    def behind(self) -> int:
        """Of how many sites it shows something else than their stations said last."""
        return sum(self._free.get(one, 0) != self._outlets[one].free for one in self._wanted)

    @property
    def watched(self) -> int:
        """How many sites it follows."""
        return len(self._wanted)

    async def _read(self) -> None:
        async for text in self._socket:  # until one of both closes it
            await self._read_one(orjson.loads(text), time.perf_counter(), len(text))
        self.failures[f"a socket was closed: {self._socket.close_reason}"] += 1

    async def _read_one(self, frame: dict[str, Any], at: float, size: int) -> None:
        data = frame.get("data") or {}
        if frame["type"] == "markers_update":
            shown = {one["id"]: one["properties"]["available"] for one in data["features"]}
            self._hear(shown | dict.fromkeys(data["removed"], 0), at, size)
        elif frame["type"] == "site_update":
            self._hear({data["siteId"]: data["site"]["available"]}, at, size)
        elif frame["type"] == "heartbeat" and "replyTo" not in frame:
            await self._socket.send(json.dumps({"id": "2", "type": "heartbeat"}))
        elif frame["type"] == "error":
            self.failures[f"an app was told {frame['error']}"] += 1

    def _hear(self, shown: dict[int, int], at: float, size: int) -> None:
        for site_id, free in shown.items():
            if site_id not in self._wanted:
                self.failures["an app heard of a site it does not watch"] += 1
            elif self.heard is not None and self._free.get(site_id) != free:
                self.heard.delays.append(at - self._outlets[site_id].said_at[free])
        self._free |= shown
        if self.heard is not None:
            self.heard.frames += 1
            self.heard.features += len(shown)
            self.heard.size += size


def a_place(number: int) -> tuple[float, float]:
    """Where station ``number`` stands: anywhere in a country, the same each time."""
    chance = random.Random(number)
    return round(chance.uniform(SOUTH, NORTH), 5), round(chance.uniform(WEST, EAST), 5)


def _around(place: Place, chance: random.Random) -> tuple[float, float, float, float]:
    """A town or a region."""
    half = chance.uniform(0.05, 0.5)
    west, south = place.longitude - half, place.latitude - half
    return west, south, west + 2 * half, south + 2 * half


def _is_in(place: Place, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return west <= place.longitude <= east and south <= place.latitude <= north
