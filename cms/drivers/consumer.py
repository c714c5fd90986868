"""The socket of an app: who it is, what it asks, what it is told. ``/ws``, JSON in one envelope."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from django.conf import settings

from cms.accounts import tokens
from cms.accounts.tokens import NotValid, Presented, is_whose
from cms.drivers import counts, envelope, following, limits, requests, topics
from cms.drivers.envelope import Incoming, Refused
from cms.drivers.topics import Frame, Topics
from cms.shared import clock
from ocpp_gateway.authentication import Denied
from ocpp_gateway.consumers import deny

logger = logging.getLogger(__name__)
PATH = "/ws"
_MOST_AT_ONCE = 4  # requests of a kind under way: who waits to plug in may stop something else
_LONGEST = 16_384  # characters of a frame
_BEATS = 3  # so many intervals without a word, and the socket is closed
_HANDLERS = {**requests.HANDLERS, **topics.HANDLERS}
_NORMAL, _POLICY, _TOO_LARGE, _OVERLOADED = 1000, 1008, 1009, 1013

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class _Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class DriverConsumer(AsyncConsumer):
    """One app of one driver, from its handshake to its end."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the socket."""
        await receive()  # websocket.connect
        self._address = str((scope.get("client") or ("",))[0])
        here = limits.here()
        if not may_come_from(scope):
            await deny(send, scope, Denied(403, "apps of that origin are not served"))
            return
        if not here.may_connect(self._address):
            await deny(send, scope, Denied(429, "too many connections, try again in a minute"))
            return
        await send({"type": "websocket.accept"})
        if here.is_full:
            await _close(send, _Closed(_OVERLOADED, "Server overloaded"))
            return
        counts.here.connections += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            counts.here.connections -= 1

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self._send = send
        self._id = f"ws_{uuid.uuid4().hex}"
        self._user: Presented | None = None
        self._expires_at = self._opened_at = self._heard_at = clock.now()
        self._underway: set[asyncio.Task[None]] = set()
        self._news: dict[tuple[str, int], str | Frame] = {}
        self._topics = Topics(self.push)
        self._pushing: asyncio.Task[None] | None = None
        logger.info("WebSocket %s of an app opened from %s", self._id, self._address)
        try:
            if token := _token(scope):
                await self._authenticate(Incoming(self._id, "auth_request", {"token": token}))
            await self._read_on(receive)
        except _Closed as closed:
            await _close(send, closed)
        finally:
            self._leave()
            logger.info("WebSocket %s of an app closed", self._id)

    async def _read_on(self, receive: Receive) -> None:
        """Frame by frame, until the app is gone. Raises _Closed."""
        reading = asyncio.ensure_future(receive())
        try:
            while True:
                done, _ = await asyncio.wait([reading], timeout=self._patience())
                if not done:
                    await self._was_quiet()
                    continue
                message = reading.result()
                if message["type"] != "websocket.receive":
                    return
                self._heard_at = clock.now()
                await self._heard(message.get("text") or message.get("bytes") or "")
                reading = asyncio.ensure_future(receive())
        finally:
            reading.cancel()

    def _patience(self) -> float:
        """Seconds until silence means something."""
        beat = settings.HEARTBEAT_INTERVAL / 1000
        if self._user is None:
            waited = (clock.now() - self._opened_at).total_seconds()
            return max(0.0, min(beat, settings.CONNECTION_TIMEOUT / 1000 - waited))
        return beat

    async def _was_quiet(self) -> None:
        """Nothing was said for a while: a sign of life of ours, or the end."""
        at = clock.now()
        unnamed = timedelta(milliseconds=settings.CONNECTION_TIMEOUT)
        if self._user is None and at - self._opened_at >= unnamed:
            raise _Closed(_POLICY, "Authentication timeout")
        silent = timedelta(milliseconds=settings.HEARTBEAT_INTERVAL * _BEATS)
        if at - self._heard_at >= silent - timedelta(milliseconds=50):
            raise _Closed(_NORMAL, "Inactive timeout")
        await self._say(envelope.heartbeat(at))

    async def _heard(self, text: str | bytes) -> None:
        if len(text) > _LONGEST:
            raise _Closed(_TOO_LARGE, "Message too large")
        may_say, asked = limits.here().may_say(self._whose()), None
        try:
            asked = envelope.read(text)
            if not may_say:
                raise Refused(envelope.TOO_OFTEN, "Too many messages: wait a moment")
            await self._take(asked)
        except Refused as refused:
            await self._say(envelope.error(refused, clock.now(), asked))

    async def _take(self, asked: Incoming) -> None:
        """Carry out what was asked, or begin to. Raises Refused."""
        if asked.type == "heartbeat":
            await self._say(envelope.heartbeat(clock.now(), asked))
        elif asked.type == "auth_request":
            await self._authenticate(asked)
        elif asked.type not in _HANDLERS:
            known = ["auth_request", "heartbeat", *_HANDLERS]
            raise Refused(envelope.UNKNOWN_TYPE, f"Unknown message type {asked.type}", known=known)
        else:
            user = self._authenticated()
            alike = [task for task in self._underway if task.get_name() == asked.type]
            if len(alike) >= _MOST_AT_ONCE:
                raise Refused(envelope.TOO_OFTEN, "Too many requests at once: await their answers")
            driver = requests.Driver(user, self._id, self._say, self._topics)
            task = asyncio.create_task(self._carry_out(driver, asked), name=asked.type)
            self._underway.add(task)
            task.add_done_callback(self._underway.discard)

    async def _carry_out(self, driver: requests.Driver, asked: Incoming) -> None:
        try:
            await _HANDLERS[asked.type](driver, asked)
        except Refused as refused:
            await self._say(envelope.error(refused, clock.now(), asked))
        except Exception:
            logger.exception("A request of a driver failed: %s", asked.type)
            failed = Refused(envelope.GATEWAY_ERROR, "This could not be done, try again")
            await self._say(envelope.error(failed, clock.now(), asked))

    def _authenticated(self) -> Presented:
        if self._user is None or clock.now() >= self._expires_at:
            wanted = "Send auth_request with valid JWT token"
            message = "Client not authenticated"
            raise Refused(envelope.NOT_AUTHENTICATED, message, requiredAction=wanted)
        return self._user

    async def _authenticate(self, asked: Incoming) -> None:
        """``auth_request``: a token, and perhaps whose it is. Raises Refused (too often)."""
        if not limits.here().may_log_in(self._address):
            raise Refused(envelope.TOO_OFTEN, "Too many wrong tokens: wait a minute")
        try:
            user = await _checked(asked.data)
        except NotValid as why:
            limits.here().login_failed(self._address)
            logger.warning("WebSocket %s was not authenticated: %s", self._id, why)
            await self._answer_auth(asked, {"success": False, "message": str(why)})
            return
        is_same = self._user is not None and self._user.user_id == user.user_id
        self._leave(with_requests=not is_same)
        self._user = user
        session = clock.now() + timedelta(milliseconds=settings.SESSION_TIMEOUT)
        self._expires_at = min(user.expires_at, session)
        data = {
            "success": True,
            "userId": asked.data.get("userId") or str(user.user_id),
            "sessionId": self._id,
            "expiresAt": envelope.stamp(self._expires_at),
            "message": "Authentication successful",
        }
        await self._answer_auth(asked, data)
        counts.here.authenticated += 1
        following.here().join(user.user_id, self)

    async def _answer_auth(self, asked: Incoming, data: dict[str, Any]) -> None:
        await self._say(envelope.answer(asked, "auth_response", data, clock.now()))

    @property
    def seal(self) -> str | None:
        """Of the password its token was given for."""
        return self._user.seal if self._user else None

    def shut(self) -> None:
        """Whose app it is may not log in any more, or has another password."""
        self._leave()
        goodbye = _close(self._send, _Closed(_POLICY, "Account closed"))
        self._closing = asyncio.create_task(goodbye)

    def _leave(self, *, with_requests: bool = True) -> None:
        """Whoever it was hears nothing any more, and what they asked for is not awaited here.

        Not ``with_requests``: it is the same driver, with a new token.
        """
        for task in self._underway if with_requests else ():
            task.cancel()
        if self._pushing is not None:
            self._pushing.cancel()
            self._pushing = None
        self._news.clear()
        self._topics.end_all()
        if self._user is not None:
            counts.here.authenticated -= 1
            following.here().leave(self._user.user_id, self)
            self._user = None

    def push(self, key: tuple[str, int], frame: str | Frame) -> None:
        """Send it soon; of one ``key`` only the latest, however slow the app reads.

        A function is asked when it can be sent.
        """
        self._news.pop(key, None)  # to the end
        self._news[key] = frame
        if self._pushing is None:
            self._pushing = asyncio.create_task(self._push_on())

    async def _push_on(self) -> None:
        try:
            while self._news:
                if clock.now() >= self._expires_at:
                    self._news.clear()
                    return
                key = next(iter(self._news))
                frame = self._news.pop(key)
                text = frame if isinstance(frame, str) else frame()
                if text is not None:
                    await self._say(text)
        except Exception as error:  # the socket is gone: its reader hears of it
            logger.debug("WebSocket %s cannot be told: %s", self._id, error)
        finally:
            self._pushing = None

    async def _say(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    def _whose(self) -> str:
        return str(self._user.user_id) if self._user else self._address


async def _checked(data: dict[str, Any]) -> Presented:
    """Whose token it is. Raises NotValid."""
    token = data.get("token") or ""
    if not isinstance(token, str):
        raise NotValid("Invalid token")
    user: Presented = await database_sync_to_async(tokens.presented)(token)
    if data.get("userId") and not is_whose(user, data["userId"]):
        raise NotValid("The token is of another user")
    return user


def _token(scope: dict[str, Any]) -> str:
    """What came with the handshake: ``?token=``, or ``Authorization: Bearer``."""
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    if query.get("token"):
        return str(query["token"][0])
    said = dict(scope["headers"]).get(b"authorization", b"").decode("latin1")
    scheme, _, token = said.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def may_come_from(scope: dict[str, Any]) -> bool:
    """Where origins are named, pages of others are refused; what is no browser sends none."""
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin1")
    return not origin or not settings.FRONTEND_URL or origin in settings.FRONTEND_URL


async def _close(send: Send, closed: _Closed) -> None:
    with suppress(Exception):  # it may be gone
        await send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})


application = DriverConsumer.as_asgi()
