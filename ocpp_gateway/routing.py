"""WebSocket paths of stations: ``/ocpp/<cpId>``, and ``/<cpId>`` as the prior gateway had it.

The id is the last part of any path that does not begin with a reserved word; see authentication.
"""

from __future__ import annotations

from django.urls import re_path

from ocpp_gateway.consumers import ChargerConsumer

websocket_urlpatterns = [re_path(r"", ChargerConsumer.as_asgi())]
