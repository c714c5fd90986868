"""The two ASGI servers, set up for stations: daphne (the default) and uvicorn (for fleets).

Both: no compression (it costs 64-132 KB a socket), a long accept queue for reconnect storms, pings
that keep proxies awake but never drop a station that does not answer them (EVduty).
"""

from __future__ import annotations

import gc
from typing import Any

from django.conf import settings

_BACKLOG = 4096
_PING_SECONDS = 30


def run(application: Any, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError where the port is taken."""
    # What is loaded now stays: keep the collector from walking it with every few hundred frames.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    if settings.ASGI_SERVER == "uvicorn":
        _run_uvicorn(application, host, port)
    else:
        _run_daphne(application, host, port)


def _run_uvicorn(application: Any, host: str, port: int) -> None:
    import uvicorn  # in requirements/production.txt only

    uvicorn.run(
        application,
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_max_size=settings.OCPP_MAX_FRAME_BYTES,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=None,
        ws_per_message_deflate=False,
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        proxy_headers=settings.BEHIND_PROXY,
        forwarded_allow_ips="*" if settings.BEHIND_PROXY else None,
        timeout_graceful_shutdown=10,
    )


def _run_daphne(application: Any, host: str, port: int) -> None:
    from cms.daphne_server import Server  # installs a Twisted reactor: only where it runs

    address = host.replace(":", r"\:")
    Server(
        application=application,
        endpoints=[f"tcp:port={port}:interface={address}:backlog={_BACKLOG}"],
        websocket_timeout=-1,
        ping_interval=_PING_SECONDS,
        ping_timeout=0,
        websocket_handshake_timeout=10,
        websocket_max_message_size=settings.OCPP_MAX_FRAME_BYTES,
        websocket_max_frame_size=settings.OCPP_MAX_FRAME_BYTES,
        proxy_forwarded_address_header="X-Forwarded-For" if settings.BEHIND_PROXY else None,
        verbosity=0,
        server_name="voltdesk",
    ).run()
