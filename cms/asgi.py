"""ASGI entry point: HTTP to Django, WebSockets to the stations' consumer."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.local")
_http = get_asgi_application()  # sets Django up: models can be imported after it

from cms import files  # noqa: E402
from cms.drivers import consumer as drivers  # noqa: E402
from cms.graphql import sockets as graphql  # noqa: E402
from cms.lifespan import Serving  # noqa: E402
from cms.limits import Limited  # noqa: E402
from cms.live import consumer as pages  # noqa: E402
from cms.proxies import Proxied  # noqa: E402
from ocpp_gateway.authentication import Denied  # noqa: E402
from ocpp_gateway.consumers import deny  # noqa: E402
from ocpp_gateway.routing import websocket_urlpatterns  # noqa: E402

Application = Callable[..., Awaitable[None]]


async def _no_stations(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Stations are served by another process."""
    await receive()
    await deny(send, scope, Denied(404, "stations connect to the gateway"))


_pages = Limited(_http)
_SOCKETS: dict[str, Application] = {
    pages.PATH: pages.application,
    drivers.PATH: drivers.application,
    graphql.PATH: graphql.application,
}


async def _web(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Pages and the API by Django, the files of stations by ourselves."""
    is_file = scope["path"].startswith(files.PREFIX)
    await (files.serve if is_file else _pages)(scope, receive, send)


async def _health_only(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Of HTTP a gateway answers only the question whether it is well."""
    if scope["path"] != "/health":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"this is a gateway for stations"})
    else:
        await _http(scope, receive, send)


def application_for(role: str) -> Application:
    """The application of a ``web``, a ``gateway``, or (``all``) the one process there is."""
    stations: Application = _no_stations if role == "web" else URLRouter(websocket_urlpatterns)

    async def sockets(scope: dict[str, Any], receive: Any, send: Any) -> None:
        ours = {} if role == "gateway" else _SOCKETS
        await ours.get(scope["path"], stations)(scope, receive, send)

    router = ProtocolTypeRouter(
        {"http": _health_only if role == "gateway" else _web, "websocket": sockets}
    )
    return Serving(Proxied(router))


application = application_for("all")
