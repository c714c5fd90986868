"""How many apps are connected here: ``GET /api/stats``, as the Charging WebSocket API has it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cms.drivers import counts
from cms.shared import clock
from cms.shared.api import CamelCase


class Connections(CamelCase):
    """Sockets of this process; stations of all of them."""

    total_connections = serializers.IntegerField(help_text="Apps, logged in or not")
    authenticated_connections = serializers.IntegerField(help_text="Apps that are logged in")
    total_users = serializers.IntegerField(help_text="Different people among them")
    gateway_connections = serializers.IntegerField(help_text="Stations that are connected")


class Statistics(CamelCase):
    """The envelope of that API."""

    success = serializers.BooleanField()
    data = Connections()  # type: ignore[assignment]
    timestamp = serializers.DateTimeField()


class Stats(APIView):
    """Numbers only: anybody may ask, as for the health."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: Statistics}, operation_id="stats", auth=[])
    def get(self, request: Request) -> Response:
        """How many apps and stations are connected."""
        said: dict[str, Any] = {"success": True, "data": counts.connections()}
        return Response({**said, "timestamp": clock.text(clock.now())})
