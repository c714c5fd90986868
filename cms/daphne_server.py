"""daphne with what it lacks: TLS with clients' certificates, an orderly end, its parts put in."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from daphne import http_protocol, server, ws_protocol
from django.conf import settings
from OpenSSL import SSL, crypto
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import SSL4ServerEndpoint
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions
from twisted.web import http

from cms import listening, tls
from cms.daphne_requests import Channel, Inbox, Request
from cms.daphne_sockets import DENIAL, Socket
from ocpp_gateway.pacing import UNREAD

_GOODBYE_SECONDS = 10.0


class _Factory(http_protocol.HTTPFactory):
    """Makes connections whose requests have to be there in time."""

    @staticmethod
    def protocol() -> Any:
        """A connection that may be encrypted."""
        return http._GenericHTTPChannelProtocol(Channel())


class Server(server.Server):
    """daphne that offers the denial response and the client's certificate to the application."""

    def __init__(self, *args: Any, secure: SSL4ServerEndpoint | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._secure = secure

    def run(self) -> None:
        """Serve until stopped. Raises OSError where an endpoint cannot be listened on."""
        self.failure: str = ""
        ws_protocol.WebSocketFactory.protocol = Socket
        server.HTTPFactory = _Factory
        if self._secure is not None:
            reactor.callWhenRunning(self._listen)
        http_protocol.WebRequest = Request
        super().run()
        if self.failure:
            raise OSError(self.failure)

    def _listen(self) -> None:
        assert self._secure is not None
        opened = self._secure.listen(self.http_factory)
        opened.addCallbacks(self.listen_success, self.listen_error)
        self.listeners.append(opened)

    def listen_success(self, port: Any) -> None:
        """It listens: from now on the kernel closes what is dead."""
        listening.close_dead(port.fileno())
        super().listen_success(port)

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
            protocol.inbox = Inbox(protocol.transport)
            scope["extensions"] = {DENIAL: {}, UNREAD: {"count": protocol.inbox.qsize}}
            scope["scheme"] = "ws"
            # As it was sent: daphne would decode what no station has encoded.
            offered = protocol.request.headers.get("sec-websocket-protocol", "")
            scope["subprotocols"] = [each.strip() for each in offered.split(",")] if offered else []
            if hasattr(protocol.transport, "getPeerCertificate"):
                scope["scheme"] = "wss"
                scope["extensions"]["tls"] = tls.extension(_shown(protocol.transport))
        elif protocol.inbox is None:
            return super().create_application(protocol, scope)
        return self._flowing(protocol, scope)

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass a part of an answer on; what follows it waits until there is room for it."""
        await super().handle_reply(protocol, message)
        is_part = message["type"] == "http.response.body" and message.get("more_body")
        if is_part or message["type"] == "websocket.send":
            await protocol.drained()

    def _flowing(self, protocol: Request | Socket, scope: dict[str, Any]) -> Any:
        """As daphne does it, but with the connection's own queue."""
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
