"""uvicorn with a second, encrypted door into the same process, and clients' certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import uvicorn  # in requirements/production.txt only
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from cms import tls


class _Protocol(WebSocketsSansIOProtocol):
    """Tells the application which certificate the client showed."""

    def send_receive_event_to_app(self) -> None:
        """Pass a message on. Text that is none is its sender's fault: no traceback of ours."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(self.frames):
            self.conn.fail(1007, "the text is not UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    async def run_asgi(self) -> None:
        secure = self.transport.get_extra_info("ssl_object")
        if secure is not None:
            extensions: Any = self.scope["extensions"]
            extensions["tls"] = tls.extension(_shown(secure))
        await super().run_asgi()


class Server(uvicorn.Server):
    """Also listens on ``secure_port`` with ``context``, where there is one."""

    def __init__(
        self, config: uvicorn.Config, *, secure_port: int, context: ssl.SSLContext | None
    ) -> None:
        config.ws = _Protocol
        super().__init__(config)
        self._secure_port, self._context = secure_port, context

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open both doors. Raises OSError where the encrypted one cannot be listened on."""
        await super().startup(sockets)
        if self._context is None:
            return
        config = self.config

        def protocol() -> asyncio.Protocol:
            return config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        listening = await asyncio.get_running_loop().create_server(
            protocol, config.host, self._secure_port, ssl=self._context, backlog=config.backlog
        )
        self.servers.append(listening)


def _is_text(pieces: list[bytes]) -> bool:
    try:
        b"".join(pieces).decode()
    except UnicodeDecodeError:
        return False
    return True


def _shown(secure: Any) -> list[str]:
    """The client's certificate as PEM, its own first.

    The intermediates only from Python 3.13 on: before it they belong into TLS_CLIENT_CA.
    """
    if hasattr(secure, "get_unverified_chain"):
        chain = secure.get_unverified_chain()
    else:
        chain = [secure.getpeercert(binary_form=True)]
    return [ssl.DER_cert_to_PEM_cert(each) for each in chain if each]
