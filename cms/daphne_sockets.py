"""daphne's WebSockets with what they lack: denials, any close code, bounds in both directions."""

from __future__ import annotations

import asyncio
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from daphne import ws_protocol

from cms.daphne_requests import Inbox, Pace
from ocpp_gateway.pacing import SmallChange

DENIAL = "websocket.http.response"
_FLUSH_SECONDS = 2.0
_EARLY = 64 * 1024  # bytes a client may send before its handshake is answered
_TOO_MANY = 1008
_CONTINUATION = 0


class Socket(ws_protocol.WebSocketProtocol):
    """Answers a refused handshake with the application's own status, and closes with any code."""

    inbox: Inbox | None = None
    _denial: dict[str, Any] | None = None
    _is_asked = False
    _is_heard = True
    _cut: asyncio.TimerHandle | None = None
    _heard_goodbye = False

    def onConnect(self, request: Any) -> Any:  # noqa: N802 - autobahn's name
        if not request.headers.get("sec-websocket-protocol", "").isascii():
            raise ConnectionDeny(code=400, reason="a subprotocol is ASCII")
        self.failByDrop = False  # say what was wrong (1002, 1007, 1009) before the line is cut
        self._is_asked = True
        self._pace = Pace()
        self._small = SmallChange()
        return super().onConnect(request)

    def consumeData(self) -> None:  # noqa: N802 - autobahn's name
        """What comes before the handshake is answered waits: it is no second handshake."""
        if not self._is_heard:
            self.data = b""
        elif not (self._is_asked and self.state == self.STATE_CONNECTING):
            super().consumeData()
        elif len(self.data) > _EARLY:
            self.dropConnection(abort=True)

    def onOpen(self) -> None:  # noqa: N802 - autobahn's name
        # Until now the HTTP connection was told when the other side takes nothing.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self._pace, True)
        super().onOpen()

    async def drained(self) -> None:
        """Wait until the other side takes more."""
        await self._pace.open.wait()

    def onPing(self, payload: bytes) -> None:  # noqa: N802 - autobahn's name
        """Answered, unless the answers before it were not taken yet (RFC 6455, section 5.5.3)."""
        if self._is_fair() and self._pace.open.is_set():
            super().onPing(payload)

    def onPong(self, payload: bytes) -> None:  # noqa: N802 - autobahn's name
        self._is_fair()

    def onMessageFrameBegin(self, length: int) -> None:  # noqa: N802 - autobahn's name
        if self.current_frame.opcode == _CONTINUATION:
            self._is_fair()
        super().onMessageFrameBegin(length)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> Any:  # noqa: N802, N803
        self._heard_goodbye = True
        return super().onCloseFrame(code, reasonRaw)

    def dropConnection(self, abort: bool = False) -> None:  # noqa: N802 - autobahn's name
        """Cut the line: behind a goodbye of theirs once ours is on it, but soon in any case."""
        at_once = abort and not self._heard_goodbye
        super().dropConnection(abort=at_once)
        if not at_once and self._cut is None:
            loop = asyncio.get_running_loop()
            self._cut = loop.call_later(_FLUSH_SECONDS, self.transport.abortConnection)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        if self._cut is not None:
            self._cut.cancel()
        if self._is_asked:
            self._pace.open.set()
            super().onClose(wasClean, code, reason)

    def serverClose(  # noqa: N802 - daphne's name
        self, code: int | None = None, reason: str = ""
    ) -> None:
        # Not sendClose: it refuses the codes of the protocol itself, such as 1003.
        self.sendCloseFrame(code=code or 1000, reasonUtf8=reason.encode())

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == f"{DENIAL}.start":
            self._denial = message
        elif message["type"] == f"{DENIAL}.body" and self._denial is not None:
            reason = message.get("body", b"").decode("ascii", "replace")
            self._deny(self._denial["status"], reason)
        elif message["type"] == "websocket.close" and self.state != self.STATE_CONNECTING:
            self.serverClose(message.get("code"), message.get("reason") or "")
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

    def _is_fair(self) -> bool:
        """Whether pings and pieces are few enough; the socket is closed where they are not."""
        too_much = self._small.is_too_much()
        if too_much and self.state == self.STATE_OPEN:
            self._fail_connection(_TOO_MANY, "too many frames")
            self._is_heard = False
            self.data = b""
        return not too_much
