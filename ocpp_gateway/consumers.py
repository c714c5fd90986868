"""A station's socket: admitted before the upgrade, read frame by frame, its two lanes apart.

A Channels consumer that runs its own receive loop: the stock one sends every frame through the one
thread-sensitive thread, so that one slow call stops all (PERFORMANCE.md section 2).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import OperationalError

from cms.shared import clock
from ocpp_gateway import dialects, door, switchboard, workers
from ocpp_gateway.answering import Answering
from ocpp_gateway.asking import Asking
from ocpp_gateway.authentication import Admission, Denied, admit, presented
from ocpp_gateway.frames import Call, CallError, Malformed
from ocpp_gateway.masking import shown
from ocpp_gateway.models import Direction
from ocpp_gateway.notebook import Exchange
from ocpp_gateway.pacing import UNREAD, Pace
from ocpp_gateway.refusals import refusal_of
from ocpp_gateway.rpc import (
    Answered,
    CallReceived,
    Conversation,
    Event,
    Ignored,
    Late,
    Refused,
    Replayed,
)
from ocpp_gateway.tolerances import Tolerances
from stations.models import Registration
from stations.services import stations

logger = logging.getLogger(__name__)
frames = logging.getLogger("ocpp.frames")
_LIFE_SIGN = 5.0  # seconds between two notes that a station is alive
_SHOWN = 2000  # characters kept of text that is no frame
_GOING_AWAY, _NOT_TEXT, _TOO_MANY, _TOO_BIG, _NEWER_SOCKET = 1001, 1003, 1008, 1009, 4001

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ChargerConsumer(AsyncConsumer):
    """One WebSocket of one station."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the socket from its handshake to its end."""
        await receive()  # websocket.connect
        admission = await _admitted(scope)
        if isinstance(admission, Denied):
            note_refusal(scope, admission.status, admission.why or admission.reason)
            await deny(send, scope, admission)
            return
        if admission.station.registration == Registration.REJECTED:
            note_refusal(scope, 0, "its registration is Rejected")
        address = _address(scope)
        door.here().entered(address)
        try:
            await self._serve(Socket(admission, send), scope, receive, send)
        finally:
            door.here().left(address)

    async def _serve(
        self, socket: Socket, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        if odd := dialects.oddity(scope.get("subprotocols") or []):
            socket.tolerated(odd, ", ".join(scope.get("subprotocols") or []))
        try:
            await send({"type": "websocket.accept", "subprotocol": socket.answered_subprotocol})
            if await socket.read(receive, Pace(_unread(scope))):
                note_refusal(scope, _TOO_MANY, "too many messages")
                await socket.close(_TOO_MANY)
        except asyncio.CancelledError:  # the server stops: the station may connect to the next one
            await socket.close(_GOING_AWAY)
            raise
        finally:
            await asyncio.shield(asyncio.ensure_future(socket.end()))


class Socket:
    """What one connection knows; the newest of a station may send commands to it."""

    def __init__(self, admission: Admission, send: Send) -> None:
        self.station = admission.station
        self.model = admission.model
        self.registration = admission.station.registration
        self.connection_id = admission.connection_id
        self.answered_subprotocol = admission.answered_subprotocol
        self.conversation = Conversation()
        self.closed = False
        self.switchboard = switchboard.here()
        self._send = send
        self._heard = 0.0
        self._closing: asyncio.Future[None] | None = None
        self._longest = settings.OCPP_MAX_FRAME_BYTES
        self._answering = Answering(self, dialects.calls(admission.subprotocol))
        self._asking = Asking(self)
        self.switchboard.connect(self.station.pk, self)

    async def read(self, receive: Receive, pace: Pace) -> bool:
        """Take in frames until the socket closes; gives whether they became a flood."""
        while not self.closed:
            message = await receive()
            if message["type"] != "websocket.receive":
                return False
            if await pace.keep():
                return True
            text = message.get("text")
            if text is None:
                await self.close(_NOT_TEXT)
            elif len(text) > self._longest:
                await self.close(_TOO_BIG)
            else:
                await self._take(text)
        return False

    async def send(self, text: str) -> None:
        """Put a frame on the wire; nothing where the socket is closed."""
        if frames.isEnabledFor(logging.INFO):
            frames.info("[%s] Sending: %s", self.station.cp_id, shown(text))
        if not self.closed:
            await self._put({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        """Close from our side."""
        if not self.closed:
            self.closed = True
            await self._put({"type": "websocket.close", "code": code})

    async def end(self) -> None:
        """The socket is gone: settle what is open, and say so unless a newer one took over."""
        self.closed = True
        self.switchboard.disconnect(self.station.pk, self)
        await self._asking.close()
        await self._answering.finish()
        await workers.run(
            stations.disconnected,
            station_id=self.station.pk,
            connection_id=self.connection_id,
            at=clock.now(),
        )

    def ring(self) -> None:
        """A command waits for this station."""
        self._asking.ring()

    def learn(self, model: Tolerances) -> None:
        """Another thing is known of the station's model now."""
        self.model = model

    def tolerated(self, kind: str, detail: str = "") -> None:
        """Count something odd that was let pass; from any thread."""
        row = self.model.rows.get(kind, 0)
        self.switchboard.tallies.note(self.station.pk, kind, detail, row)

    def supersede(self) -> None:
        """A newer socket may serve the station: then this one closes (rule 6)."""
        self._closing = asyncio.ensure_future(self._give_way())

    def note(self, entry: Exchange) -> None:
        """Keep an exchange in the message log."""
        self.switchboard.notebook.exchange(entry)

    def answered(self, call: Call, payload: dict[str, Any]) -> None:
        """A call of the station was answered with ``payload``."""
        if call.action == "BootNotification":
            self.registration = payload["status"]
        self._asking.greeted()
        if call.action == "Heartbeat":
            self._asking.ring()  # doorbells may be lost; rows are not

    async def _give_way(self) -> None:
        if not await workers.run(
            stations.is_newest, station_id=self.station.pk, connection_id=self.connection_id
        ):
            await self.close(_NEWER_SOCKET)

    async def _put(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except Exception:  # how some servers say that the station has gone meanwhile
            self.closed = True

    async def _take(self, text: str) -> None:
        self._note_life()
        if frames.isEnabledFor(logging.INFO):
            frames.info("[%s] Received: %s", self.station.cp_id, shown(text))
        await self._act(self.conversation.receive(text), text)

    async def _act(self, event: Event, text: str) -> None:
        if isinstance(event, CallReceived):
            await self._answering.take(event.call, text, clock.now())
        elif isinstance(event, Answered | Refused):
            self._asking.answered(event)
        elif isinstance(event, Malformed):
            error = CallError(event.unique_id, "FormationViolation", event.description)
            await self._answering.take(error, text, clock.now())
        elif isinstance(event, Replayed):
            await self.send(event.text)
        elif isinstance(event, Late):
            call = event.call
            late = Ignored(f"a late answer to {call.action}", "unasked_answer", call.unique_id)
            self._ignore(late, text)
            await self._asking.answered_late(event)
        elif isinstance(event, Ignored):
            self._ignore(event, text)

    def _ignore(self, event: Ignored, text: str) -> None:
        """Nothing to answer, but something for support to see."""
        frames.warning("[%s] Ignored: %s", self.station.cp_id, event.reason)
        if event.kind:
            self.tolerated(event.kind, event.reason)
        received, shown = Direction.RECEIVED.value, text[:_SHOWN]
        entry = Exchange(
            self.station.pk, received, event.answers, "", shown, "", "", clock.now(), None
        )
        self.note(entry)

    def _note_life(self) -> None:
        """Any frame is life; written down every few seconds."""
        now = time.monotonic()
        if now - self._heard >= _LIFE_SIGN:
            self._heard = now
            self.switchboard.notebook.heard(self.station.pk)


async def _admitted(scope: dict[str, Any]) -> Admission | Denied:
    """The decision on a handshake: first how often who knocks, then who it is."""
    address, cp_id = _address(scope), presented(scope)
    turned_away = door.here().knock(address, cp_id)
    if turned_away is not None:
        return turned_away
    try:
        decision = await workers.run(admit, scope, clock.now())
    except OperationalError as error:
        logger.error("[%s] is not let in: %s", cp_id, error)
        return Denied(503, "this system cannot look it up now, try again")
    if isinstance(decision, Denied):
        door.here().failed(address, cp_id)
    return decision


def _address(scope: dict[str, Any]) -> str:
    """Where a socket comes from; behind a proxy we trust: what the proxy saw."""
    return str((scope.get("client") or ("",))[0])


def _unread(scope: dict[str, Any]) -> Callable[[], int]:
    found: Callable[[], int] = scope.get("extensions", {}).get(UNREAD, {}).get("count", int)
    return found


def note_refusal(scope: dict[str, Any], status: int, reason: str) -> None:
    """Have it show in the review queue, a moment later."""
    refusal = refusal_of(scope, presented(scope), status, reason)
    switchboard.here().refusals.note(refusal)


async def deny(send: Send, scope: dict[str, Any], denied: Denied) -> None:
    """Refuse the upgrade with an HTTP status, where the server can (ASGI denial response)."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"text/plain")]
    if denied.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="ocpp", charset="UTF-8"'))
    await send(
        {"type": "websocket.http.response.start", "status": denied.status, "headers": headers}
    )
    await send({"type": "websocket.http.response.body", "body": denied.reason.encode()})
