"""A gateway elsewhere with its key, and the station it serves."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from cms.accounts import keys
from cms.accounts.models import Scope, User
from cms.shared import clock
from stations.models import ChargingStation
from stations.services import stations


def a_gateway(name: str, *scopes: str, sites=()) -> APIClient:
    """A caller with a key of its own, of the scope ``gateway`` unless others are named."""
    user, _ = User.objects.get_or_create(username=name)
    _, key = keys.create(
        name=name, user=user, scopes=[*scopes] or [Scope.GATEWAY], at=clock.now(), sites=sites
    )
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=key)
    client.default_format = "json"
    return client


def send(client: APIClient, method: str, path: str, body=None):
    """Call ``/api/<path>`` with JSON."""
    return getattr(client, method)(f"/api/{path}", {} if body is None else body, format="json")


@pytest.fixture
def gateway(db) -> APIClient:
    """The one elsewhere."""
    return a_gateway("elsewhere")


@pytest.fixture
def station(db) -> ChargingStation:
    """Known here, and nobody serves it."""
    return stations.create(cp_id="DEV1", vendor="ABB")


def connect(station: ChargingStation, connection_id: str = "socket") -> None:
    """A socket here serves it."""
    stations.connected(
        station_id=station.pk, connection_id=connection_id, protocol="ocpp1.6", at=clock.now()
    )


def told(station: ChargingStation) -> tuple[bool, str, str]:
    """Whether it is online, by which socket, and which gateway serves it."""
    station.refresh_from_db()
    return station.online, station.connection_id, station.served_by
