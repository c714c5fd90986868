"""The two ASGI servers, set up for stations: daphne (the default) and uvicorn (for fleets).

Both: no compression (it costs 64-132 KB a socket), a long accept queue for reconnect storms, pings
that keep proxies awake but never drop a station that does not answer them (EVduty).
"""

from __future__ import annotations

import contextlib
import gc
from typing import Any

from django.conf import settings

from cms import listening, tls
from cms.shared import clock
from stations.services import authorities, pki

_BACKLOG = 4096
_ADMISSION_SECONDS = 30  # the client has done its part: this is for the database


def check() -> None:
    """See that the files of the TLS settings can be used, before anything is made or migrated.

    Raises OSError that names the one that cannot.
    """
    try:
        authorities.named()
    except (OSError, pki.Unfit) as error:
        raise _no_certificates(error) from None
    if settings.TLS_PORT:
        tls.context([])


def run(application: Any, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises OSError where a port is taken or a file of the TLS settings cannot be used.
    """
    anchors = _anchors()
    listening.allow_many_sockets()
    # What is loaded now stays: keep the collector from walking it with every few hundred frames.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    if settings.ASGI_SERVER == "uvicorn":
        _run_uvicorn(application, host, port, anchors)
    else:
        _run_daphne(application, host, port)


def _run_uvicorn(application: Any, host: str, port: int, anchors: list[str]) -> None:
    import uvicorn  # in requirements/production.txt only

    from cms.uvicorn_server import Server

    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        ws_max_size=settings.OCPP_MAX_FRAME_BYTES,
        ws_ping_interval=settings.OCPP_PING_SECONDS,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # cms/proxies.py reads them, for both servers
        timeout_graceful_shutdown=10,
    )
    context = tls.context(anchors) if settings.TLS_PORT else None
    with contextlib.suppress(KeyboardInterrupt):  # how it passes a SIGINT on, once it has stopped
        Server(config, secure_port=settings.TLS_PORT, context=context).run()


def _run_daphne(application: Any, host: str, port: int) -> None:
    from cms.daphne_server import Server, secure_endpoint  # installs a Twisted reactor

    secure = secure_endpoint(host, settings.TLS_PORT, _BACKLOG) if settings.TLS_PORT else None
    address = host.replace(":", r"\:")
    Server(
        application=application,
        endpoints=[f"tcp:port={port}:interface={address}:backlog={_BACKLOG}"],
        secure=secure,
        websocket_timeout=-1,
        ping_interval=settings.OCPP_PING_SECONDS,
        ping_timeout=0,
        websocket_handshake_timeout=_ADMISSION_SECONDS,
        websocket_max_message_size=settings.OCPP_MAX_FRAME_BYTES,
        websocket_max_frame_size=settings.OCPP_MAX_FRAME_BYTES,
        verbosity=0,
        server_name="voltdesk",
    ).run()


def _anchors() -> list[str]:
    """Who may sign stations' certificates, read once here so that a wrong file ends the start.

    uvicorn's TLS knows nobody later: with it our own authorities are made now.
    """
    try:
        authorities.named()
        if not settings.TLS_PORT or settings.ASGI_SERVER != "uvicorn":
            return []
        authorities.make_all(at=clock.now())
        return [authorities.pem(each) for each in authorities.trusted()]
    except (OSError, pki.Unfit) as error:
        raise _no_certificates(error) from None


def _no_certificates(error: Exception) -> OSError:
    return OSError(f"TLS_CLIENT_CA should be a file of certificates: {error}")
