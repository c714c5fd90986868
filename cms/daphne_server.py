"""daphne with the ASGI denial response it lacks: an upgrade can be refused with 401 or 404."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne import server, ws_protocol
from twisted.internet.defer import Deferred

_DENIAL = "websocket.http.response"
_GOODBYE_SECONDS = 10.0


class _Protocol(ws_protocol.WebSocketProtocol):
    """Answers a refused handshake with the application's own status, and closes with any code."""

    _denial: dict[str, Any] | None = None

    def onConnect(self, request: Any) -> Any:  # noqa: N802 - autobahn's name
        self.failByDrop = False  # say what was wrong (1002, 1007, 1009) before the line is cut
        return super().onConnect(request)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - daphne's name
        # Not sendClose: it refuses the codes of the protocol itself, such as 1003.
        self.sendCloseFrame(code=code or 1000)

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == f"{_DENIAL}.start":
            self._denial = message
        elif message["type"] == f"{_DENIAL}.body" and self._denial is not None:
            reason = message.get("body", b"").decode("ascii", "replace")
            self._deny(self._denial["status"], reason)
        else:
            super().handle_reply(message)

    def failHandshake(  # noqa: N802 - autobahn's name
        self,
        reason: str,
        code: int = 400,
        responseHeaders: Any = None,  # noqa: N803
    ) -> None:
        headers = list(responseHeaders or [])
        if self._denial is not None:
            headers += [(k.decode(), v.decode()) for k, v in self._denial["headers"]]
        super().failHandshake(reason, code, [*headers, ("Connection", "close")])

    def _deny(self, status: int, reason: str) -> None:
        self.handshake_deferred.errback(ConnectionDeny(code=status, reason=reason))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)


class Server(server.Server):
    """daphne that offers the denial response to the application."""

    def run(self) -> None:
        """Serve until stopped. Raises OSError where an endpoint cannot be listened on."""
        self.failure: str = ""
        ws_protocol.WebSocketFactory.protocol = _Protocol
        super().run()
        if self.failure:
            raise OSError(self.failure)

    def listen_error(self, failure: Any) -> None:
        """Remember why, so that the process can end with a message instead of silence."""
        self.failure = failure.getErrorMessage()
        super().listen_error(failure)

    def kill_all_applications(self) -> Any:
        """Let everything under way end before the reactor stops: sockets say goodbye.

        daphne's own fails at the first connection without an application: at every upgraded one.
        """
        tasks = [each.get("application_instance") for each in self.connections.values()]
        running = [task for task in tasks if task is not None and not task.done()]
        for task in running:
            task.cancel()
        return Deferred.fromFuture(asyncio.ensure_future(_ended(running)))

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Tell the application what this server can do."""
        if scope["type"] == "websocket":
            scope["extensions"] = {_DENIAL: {}}
        return super().create_application(protocol, scope)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=_GOODBYE_SECONDS)
