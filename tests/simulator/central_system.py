"""A small central system for the simulator's own tests: strict about frames, easy to upset."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ocpp_gateway.frames import Call, CallError, CallResult, decode, encode

Payload = dict[str, Any]
Received = tuple[str, str, Payload]  # station, action, payload
Behaviour = Callable[[str, Payload], "Payload | CallError | None"]
NOW = "2026-01-01T00:00:00Z"


@cache
def schema(name: str) -> jsonschema_rs.Draft4Validator:
    """The compiled schema of an action, or of ``<action>Response``."""
    path = files("ocpp.v16").joinpath("schemas", f"{name}.json")
    text = path.read_text(encoding="utf-8-sig")
    return jsonschema_rs.Draft4Validator(json.loads(text), validate_formats=True)


class CentralSystem:
    """Answers stations; ``received`` has every call in order, ``complaints`` every offence.

    It commits, so to say, before it answers: transactions are recognised by their natural key,
    so a retried StartTransaction gets the id it had.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.complaints: list[str] = []
        self.paths: list[str | None] = []
        self.authorizations: list[str | None] = []
        self.cards: dict[str, str] = {}  # the status of a card other than Accepted
        self.boot: Payload = {"status": "Accepted", "interval": 60, "currentTime": NOW}
        self.behaviours: dict[str, Behaviour] = {}
        self.sockets: dict[str, ServerConnection] = {}
        self.unique_ids: list[tuple[str, str]] = []
        self.frames: list[str] = []
        self._port = 0
        self._server: Server | None = None
        self._transactions: dict[tuple[Any, ...], int] = {}
        self._ids = itertools.count(1000)
        self._asked: dict[str, asyncio.Future[CallResult | CallError]] = {}
        self._command_ids = itertools.count(1)

    @property
    def url(self) -> str:
        """What a station dials, without its id."""
        return f"ws://127.0.0.1:{self._port}/ocpp"

    async def __aenter__(self) -> CentralSystem:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Listen: on a free port, and after ``kill`` on the one it had."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self._port,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def kill(self) -> None:
        """Die without a word to the stations."""
        assert self._server is not None
        for socket in self.sockets.values():
            socket.transport.abort()
        self._server.close(close_connections=False)
        await self._server.wait_closed()

    def of(self, action: str, station: str = "") -> list[Payload]:
        """The payloads of one action, in the order they came."""
        return [
            payload
            for cp_id, name, payload in self.received
            if name == action and station in ("", cp_id)
        ]

    def statuses(self, connector_id: int = 1) -> list[str]:
        """The statuses one connector went through."""
        told = self.of("StatusNotification")
        return [each["status"] for each in told if each["connectorId"] == connector_id]

    async def until(self, condition: Callable[[], bool], seconds: float = 3.0) -> None:
        """Wait until something was received. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.002)

    async def ask(
        self, action: str, payload: Payload, station: str = "CP1"
    ) -> CallResult | CallError:
        """Send a command and give the answer, which must pass its schema."""
        unique_id = f"command-{next(self._command_ids)}"
        asked = self._asked[unique_id] = asyncio.get_running_loop().create_future()
        await self.sockets[station].send(encode(Call(unique_id, action, payload)))
        async with asyncio.timeout(3):
            answer: CallResult | CallError = await asked
        if isinstance(answer, CallResult):
            self._check(f"{action}Response", answer.payload)
        return answer

    async def status_of(self, action: str, payload: Payload, station: str = "CP1") -> str:
        """Send a command and give the status of its answer."""
        answer = await self.ask(action, payload, station)
        assert isinstance(answer, CallResult), answer
        return str(answer.payload["status"])

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        cp_id = socket.request.path.rsplit("/", 1)[-1]
        self.paths.append(socket.request.path)
        self.authorizations.append(socket.request.headers.get("Authorization"))
        self.sockets[cp_id] = socket
        try:
            async for text in socket:
                await self._take(socket, cp_id, str(text))
        except ConnectionClosed:
            pass

    async def _take(self, socket: ServerConnection, cp_id: str, text: str) -> None:
        self.frames.append(text)
        frame = decode(text)
        if isinstance(frame, CallResult | CallError):
            self._asked.pop(frame.unique_id).set_result(frame)
            return
        if not isinstance(frame, Call):
            self.complaints.append(f"no frame: {text[:80]}")
            return
        self._check(frame.action, frame.payload)
        self.unique_ids.append((cp_id, frame.unique_id))
        self.received.append((cp_id, frame.action, frame.payload))
        answer = self._answer(cp_id, frame)
        if isinstance(answer, CallError):
            await socket.send(encode(answer._replace(unique_id=frame.unique_id)))
        elif answer is not None:
            await socket.send(encode(CallResult(frame.unique_id, answer)))

    def _check(self, name: str, payload: Payload) -> None:
        for error in schema(name).iter_errors(payload):
            self.complaints.append(f"{name}: {error.message}")

    def _answer(self, cp_id: str, call: Call) -> Payload | CallError | None:
        behaviour = self.behaviours.get(call.action)
        if behaviour is not None:
            return behaviour(cp_id, call.payload)
        return self.usual(cp_id, call.action, call.payload)

    def usual(self, cp_id: str, action: str, payload: Payload) -> Payload:
        """What is answered where the test says nothing else."""
        if action == "BootNotification":
            return self.boot
        if action == "Heartbeat":
            return {"currentTime": NOW}
        if action == "Authorize":
            return {"idTagInfo": self._card(payload["idTag"])}
        if action == "StartTransaction":
            return self._start(cp_id, payload)
        return {}

    def _card(self, id_tag: str) -> Payload:
        return {"status": self.cards.get(id_tag, "Accepted")}

    def _start(self, cp_id: str, payload: Payload) -> Payload:
        key = (cp_id, *(payload[name] for name in ("connectorId", "idTag", "timestamp")))
        if key not in self._transactions:
            self._transactions[key] = next(self._ids)
        return {
            "transactionId": self._transactions[key],
            "idTagInfo": self._card(payload["idTag"]),
        }


def failing(times: int, error: CallError, then: Callable[[Payload], Payload]) -> Behaviour:
    """A behaviour that refuses so many times, and then answers."""
    left = itertools.count(times, -1)

    def behave(_: str, payload: Payload) -> Payload | CallError:
        return error if next(left) > 0 else then(payload)

    return behave
