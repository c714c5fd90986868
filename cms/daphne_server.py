"""daphne with what it lacks: the ASGI denial response (401, 404), bodies that flow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from autobahn.websocket.types import ConnectionDeny
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from daphne import http_protocol, server, ws_protocol
from django.conf import settings
from OpenSSL import SSL, crypto
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions

from cms import tls
from cms.daphne_requests import Request

_DENIAL = "websocket.http.response"
_GOODBYE_SECONDS = 10.0
_FLUSH_SECONDS = 2.0


class _Protocol(ws_protocol.WebSocketProtocol):
    """Answers a refused handshake with the application's own status, and closes with any code."""

    _denial: dict[str, Any] | None = None
    _heard_goodbye = False
    _cut: asyncio.TimerHandle | None = None

    def onConnect(self, request: Any) -> Any:  # noqa: N802 - autobahn's name
        self.failByDrop = False  # say what was wrong (1002, 1007, 1009) before the line is cut
        return super().onConnect(request)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - daphne's name
        # Not sendClose: it refuses the codes of the protocol itself, such as 1003.
        self.sendCloseFrame(code=code or 1000)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> Any:  # noqa: N802, N803
        self._heard_goodbye = True
        return super().onCloseFrame(code, reasonRaw)

    def dropConnection(self, abort: bool = False) -> None:  # noqa: N802 - autobahn's name
        """Cut the line: behind a goodbye of theirs once ours is on it, but soon in any case."""
        super().dropConnection(abort=abort and not self._heard_goodbye)
        if self._heard_goodbye and self._cut is None:
            loop = asyncio.get_running_loop()
            self._cut = loop.call_later(_FLUSH_SECONDS, self.transport.abortConnection)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        if self._cut is not None:
            self._cut.cancel()
        super().onClose(wasClean, code, reason)

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
    """daphne that offers the denial response and the client's certificate to the application."""

    def __init__(self, *args: Any, secure: SSL4ServerEndpoint | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._secure = secure

    def run(self) -> None:
        """Serve until stopped. Raises OSError where an endpoint cannot be listened on."""
        self.failure: str = ""
        ws_protocol.WebSocketFactory.protocol = _Protocol
        if self._secure is not None:
            reactor.callWhenRunning(self._listen)
        http_protocol.WebRequest = Request
        super().run()
        if self.failure:
            raise OSError(self.failure)

    def _listen(self) -> None:
        assert self._secure is not None
        listening = self._secure.listen(self.http_factory)
        listening.addErrback(self.listen_error)
        self.listeners.append(listening)

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
        """Tell the application what this server can do, and let large bodies flow to it."""
        if scope["type"] == "websocket":
            scope["extensions"] = {_DENIAL: {}}
            scope["scheme"] = "ws"
            if hasattr(protocol.transport, "getPeerCertificate"):
                scope["scheme"] = "wss"
                scope["extensions"]["tls"] = tls.extension(_shown(protocol.transport))
        elif protocol.inbox is not None:
            return self._flowing(protocol, scope)
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass a part of an answer on; what follows it waits until there is room for it."""
        await super().handle_reply(protocol, message)
        if message["type"] == "http.response.body" and message.get("more_body"):
            await protocol.drained()

    def _flowing(self, protocol: Request, scope: dict[str, Any]) -> Any:
        """As daphne does it, but with the request's own queue."""
        assert protocol.inbox is not None
        scope.setdefault("asgi", {"version": "3.0"})
        work = self.application(
            scope=scope,
            receive=protocol.inbox.get,
            send=partial(self.handle_reply, protocol),
        )
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(work)
        return protocol.inbox


def secure_endpoint(host: str, port: int, backlog: int) -> SSL4ServerEndpoint:
    """Where to listen with TLS. Raises OSError where the files of the settings cannot be used.

    A client's certificate is taken whoever signed it: the application judges it and says why not.
    """
    try:
        options = _options()
        options.getContext().set_verify(SSL.VERIFY_PEER, lambda *_: True)
    except (OSError, ValueError, crypto.Error, SSL.Error) as error:
        raise tls.unusable(error) from None
    return SSL4ServerEndpoint(reactor, port, options, backlog=backlog, interface=host)


def _options() -> CertificateOptions:
    chain = load_pem_x509_certificates(Path(settings.TLS_CERTIFICATE).read_bytes())
    own, *between = [crypto.X509.from_cryptography(each) for each in chain]
    key = crypto.load_privatekey(crypto.FILETYPE_PEM, Path(settings.TLS_KEY).read_bytes())
    return CertificateOptions(
        privateKey=key,
        certificate=own,
        extraCertChain=between,
        acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(tls.CIPHERS),
    )


def _shown(transport: Any) -> list[str]:
    """The client's certificate as PEM, then the intermediates it sent."""
    own = transport.getPeerCertificate()
    if own is None:
        return []
    chain = [own, *(transport.getHandle().get_peer_cert_chain() or [])]
    return [each.to_cryptography().public_bytes(Encoding.PEM).decode() for each in chain]


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=_GOODBYE_SECONDS)
