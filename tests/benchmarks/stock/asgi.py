"""The stock way as an ASGI application."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from tests.benchmarks.stock.consumers import StationConsumer

application = ProtocolTypeRouter(
    {"websocket": URLRouter([re_path(r"^ocpp/(?P<cp_id>[^/]+)$", StationConsumer.as_asgi())])}
)
