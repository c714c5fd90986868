"""``/graphql`` over a WebSocket: subscriptions and queries, by either protocol of GraphQL's.

``graphql-transport-ws`` and the older ``graphql-ws``. Bounded as the drivers' socket: how many
there are, how often one connects and speaks, how long a socket and its frames may be.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.utils import await_many_dispatch
from django.conf import settings
from strawberry import UNSET
from strawberry.channels import GraphQLWSConsumer
from strawberry.exceptions import ConnectionRejectionError

from cms.drivers import counts, limits
from cms.drivers.consumer import may_come_from
from cms.graphql import presented
from cms.graphql.callers import UNAUTHORIZED
from cms.graphql.maps import may_look
from cms.graphql.presented import SocketCaller
from cms.graphql.problems import UNAUTHENTICATED
from cms.graphql.schema import schema
from cms.graphql.subscriptions import kept_up
from cms.maps import following
from cms.maps.following import Watcher
from cms.shared import clock
from ocpp_gateway.authentication import Denied
from ocpp_gateway.consumers import deny

logger = logging.getLogger(__name__)
PATH = "/graphql"
MOST_OPERATIONS = 20  # of one socket at once
LONGEST = 64 * 1024  # characters of a frame
LOOK_AGAIN_S = 60.0  # at who somebody is
_TOO_MANY_MESSAGES, _TOO_LARGE, _OVERLOADED, _FAILED = 4429, 1009, 1013, 1011
_LATE, _OVER = 4408, 4403
_TEXTS = ("query", "operationName")


class Consumer(GraphQLWSConsumer[Any, None]):
    """One app, from its handshake to its end."""

    _map: Watcher | None = None
    channel_layer = None  # what changes is heard through the hub, once for all sockets

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve the socket."""
        self.scope, self.base_send = scope, send
        self._address = str((scope.get("client") or ("",))[0])
        self._caller = SocketCaller(address=self._address)
        self._begun = self._is_closing = False
        connect = await receive()
        if refusal := self._refusal():
            await deny(send, scope, refusal)
            return
        counts.here.connections += 1
        clock_ = asyncio.create_task(self._end_in_time())
        try:
            await self.dispatch(connect)
            await await_many_dispatch([receive], self.dispatch)
        except StopConsumer:
            pass
        finally:
            counts.here.connections -= 1
            clock_.cancel()
            if self._map is not None:
                following.here().leave(self._map)
            if self.run_task is not None:
                self.run_task.cancel()

    def _refusal(self) -> Denied | None:
        """Why there is no socket for it."""
        here = limits.here()
        if not may_come_from(self.scope):
            return Denied(403, "apps of that origin are not served")
        if not here.may_connect(self._address):
            return Denied(429, "too many connections, try again in a minute")
        if here.is_full:
            return Denied(503, "the server is full")
        if not {*self.scope["subprotocols"]} & {*self.websocket_subprotocols}:
            return Denied(400, "ask for the subprotocol graphql-transport-ws (or graphql-ws)")
        return None

    async def connect(self) -> None:
        """Begin; whatever ends it unforeseen ends the socket."""
        await super().connect()
        assert self.run_task is not None
        self.run_task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        logger.error("A socket of GraphQL failed", exc_info=task.exception())
        self._closing = asyncio.create_task(self.close(_FAILED, "Internal error"))

    async def _end_in_time(self) -> None:
        """Close what never begins, and what is over: its token ran out, or opens nothing now."""
        await asyncio.sleep(settings.CONNECTION_TIMEOUT / 1000)
        if not self._begun:
            await self.close(_LATE, "Connection initialisation timeout")
            return
        while (left := presented.ends_at(self._caller) - clock.now()) > timedelta():
            await asyncio.sleep(min(left.total_seconds(), LOOK_AGAIN_S))
            if await self._is_over():
                break
        await self.close(_OVER, "Token expired")

    async def _is_over(self) -> bool:
        """Whether they left meanwhile, or their key was revoked."""
        try:
            await database_sync_to_async(self._caller.look_again)()
        except Exception as error:  # the database is away: nobody leaves for it
            logger.warning("Nobody knows who sockets of GraphQL are of: %s", error)
            return False
        return self._caller.is_over

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take a frame, where they are few and short enough."""
        if self._is_closing:
            return
        if len(text_data or bytes_data or "") > LONGEST:
            await self.close(_TOO_LARGE, "Message too large")
        elif not limits.here().may_say(self._whose()):
            await self.close(_TOO_MANY_MESSAGES, "Too many messages")
        else:
            await super().receive(text_data, bytes_data)

    def _whose(self) -> str:
        user = self._caller.user
        return str(user.pk) if user.is_authenticated else self._address

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Say goodbye, once."""
        if not self._is_closing:
            self._is_closing = True
            with suppress(Exception):  # it may be gone
                await super().close(code, reason)

    async def disconnect(self, code: int) -> None:
        """The app is gone; how its task ended was logged."""
        with suppress(Exception):
            await super().disconnect(code)

    async def get_context(self, request: Any, response: Any) -> SocketCaller:
        """Who asks."""
        return self._caller

    async def on_ws_connect(self, context: SocketCaller) -> Any:
        """See who it is. Raises ConnectionRejectionError for a token that opens nothing."""
        here = limits.here()
        if not here.may_log_in(self._address):
            raise ConnectionRejectionError({"message": "Too many wrong tokens: wait a minute"})
        if not await database_sync_to_async(presented.begin)(context, self.scope):
            here.login_failed(self._address)
            raise ConnectionRejectionError({"message": UNAUTHORIZED, "code": UNAUTHENTICATED})
        self._begun = True
        if may_look(context):
            self._map = await kept_up()
        return UNSET

    def decode_json(self, data: str | bytes) -> object:
        """A frame as both protocols have them. Raises json.JSONDecodeError for what is none."""
        found = orjson.loads(data)
        payload = found.get("payload") if isinstance(found, dict) else None
        if not isinstance(found, dict) or not isinstance(found.get("type"), str):
            raise json.JSONDecodeError("no message", "", 0)
        if not isinstance(found.get("id", ""), str) or not isinstance(payload, dict | None):
            raise json.JSONDecodeError("no message", "", 0)
        if not _is_operation(payload or {}) or "\\u0000" in str(data):
            raise json.JSONDecodeError("no operation", "", 0)
        return found

    def encode_json(self, data: object) -> str:
        """As text."""
        return orjson.dumps(data, default=str).decode()


def _is_operation(payload: dict[str, Any]) -> bool:
    texts = all(isinstance(payload.get(name), str | None) for name in _TEXTS)
    return texts and isinstance(payload.get("variables"), dict | None)


def _timeout() -> timedelta:
    return timedelta(milliseconds=settings.CONNECTION_TIMEOUT)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one socket."""
    consumer = Consumer(
        schema=schema,
        connection_init_wait_timeout=_timeout(),
        max_subscriptions_per_connection=MOST_OPERATIONS,
        allowed_origins=["*"],  # see may_come_from: no cookie counts here
    )
    await consumer(scope, receive, send)
