"""uvicorn with a second, encrypted door into the same process, and clients' certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import h11  # with what follows in requirements/production.txt only
import uvicorn
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from cms import listening, tls
from cms.mailbox import Mailbox
from ocpp_gateway.pacing import UNREAD, SmallChange

_EARLY = 64 * 1024  # bytes a client may send before its handshake is answered
_PIECE = 16 * 1024  # bytes taken in at once: hundreds of frames
_BEHIND = 2  # messages unread: a station that waits for its answers never has as many
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class _Requests(H11Protocol):
    """A connection whose requests have to be there in time, at least their heads."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self._expect()
        known = self.scope
        super().data_received(data)
        if self.scope is not known:
            self._in_time()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Go on as a socket, with what came right behind the handshake."""
        super().handle_websocket_upgrade(event)
        if early := self.conn.trailing_data[0]:
            self.transport.get_protocol().data_received(early)  # type: ignore[attr-defined]

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(settings.OCPP_HANDSHAKE_SECONDS, self._late)

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n")
        self.transport.close()


class _Protocol(WebSocketsSansIOProtocol):
    """Tells the application which certificate the client showed, and keeps its bounds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Mailbox()  # type: ignore[assignment]
        self._small = SmallChange()
        self._early = self._rest = b""
        self._is_feeding = False

    def data_received(self, data: bytes) -> None:
        """What comes before the handshake is answered waits; what is no handshake is refused."""
        if self.handshake_initiated and not self.handshake_complete:
            self._early += data
            if len(self._early) > _EARLY:
                self.transport.abort()
            return
        self._rest += data
        if not self._is_feeding:
            self._feed()

    def _feed(self) -> None:
        """Take in one piece. Between two, and while the application is behind, others go on."""
        self._is_feeding = False
        piece, self._rest = self._rest[:_PIECE], self._rest[_PIECE:]
        super().data_received(piece)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.transport.close()
        self._go_on()

    def _go_on(self) -> None:
        if self.read_paused or self._is_feeding or self.transport.is_closing():
            return  # it goes on when the application has read what there is
        if self._rest:
            self._is_feeding = True
            self.transport.pause_reading()
            self.loop.call_soon(self._feed)
        else:
            self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await super().receive()
        self._go_on()
        return message

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # it was refused, not forgotten: no error to log
        elif message["type"] == "websocket.close":
            self._go_on()  # somewhere behind is their goodbye
        elif message["type"] == "websocket.accept" and self._early:
            early, self._early = self._early, b""
            self.data_received(early)

    def send_receive_event_to_app(self) -> None:
        """Pass a message on. Text that is none is its sender's fault: no traceback of ours.

        Nothing is read while the application is behind. uvicorn stops with every message, which
        costs a station that waits for its answers two system calls for each.
        """
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        kind = self.curr_msg_data_type
        try:
            content = data.decode() if kind == "text" else data
        except UnicodeDecodeError:
            self._fail(1007, "the text is not UTF-8")
            return
        self.queue.put_nowait({"type": "websocket.receive", kind: content})  # type: ignore[arg-type]
        if self.queue.qsize() >= _BEHIND and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def handle_cont(self, event: Frame) -> None:
        if self._is_fair():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answered, unless the answers before it were not taken yet (RFC 6455, section 5.5.3)."""
        answer = b"".join(self.conn.data_to_send())
        if self._is_fair() and self.writable.is_set():
            self.transport.write(answer)

    def handle_pong(self, event: Frame) -> None:
        if self._is_fair():
            super().handle_pong(event)

    async def run_asgi(self) -> None:
        extensions: Any = self.scope["extensions"]
        extensions[UNREAD] = {"count": self.queue.qsize}
        secure = self.transport.get_extra_info("ssl_object")
        if secure is not None:
            extensions["tls"] = tls.extension(_shown(secure))
        await super().run_asgi()

    def _is_fair(self) -> bool:
        """Whether pings and pieces are few enough; the socket is closed where they are not."""
        if self.close_sent:
            return False
        too_much = self._small.is_too_much()
        if too_much:
            self._fail(1008, "too many frames")
        return not too_much

    def _fail(self, code: int, reason: str) -> None:
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()


class Server(uvicorn.Server):
    """Also listens on ``secure_port`` with ``context``, where there is one."""

    def __init__(
        self, config: uvicorn.Config, *, secure_port: int, context: ssl.SSLContext | None
    ) -> None:
        config.ws = _Protocol
        config.http = _Requests
        super().__init__(config)
        self._secure_port, self._context = secure_port, context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open both doors. Raises OSError where the encrypted one cannot be listened on."""
        await super().startup(sockets)
        if self._context is not None:
            await self._listen_securely()
        for server in self.servers:
            for each in server.sockets:
                listening.close_dead(each.fileno())

    async def _listen_securely(self) -> None:
        config = self.config

        def protocol() -> asyncio.Protocol:
            return config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        opened = await asyncio.get_running_loop().create_server(
            protocol, config.host, self._secure_port, ssl=self._context, backlog=config.backlog
        )
        self.servers.append(opened)


def _shown(secure: Any) -> list[str]:
    """The client's certificate as PEM, its own first.

    The intermediates only from Python 3.13 on: before it they belong into TLS_CLIENT_CA.
    """
    if hasattr(secure, "get_unverified_chain"):
        chain = secure.get_unverified_chain()
    else:
        chain = [secure.getpeercert(binary_form=True)]
    return [ssl.DER_cert_to_PEM_cert(each) for each in chain if each]
