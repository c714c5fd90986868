"""How many apps are connected to this process, for whoever asks from any thread."""

from __future__ import annotations

from dataclasses import dataclass

from stations.models import ChargingStation


@dataclass
class Counts:
    """Written by the event loop only."""

    connections: int = 0
    authenticated: int = 0
    users: int = 0


here = Counts()


def connections() -> dict[str, int]:
    """By the names the Charging WebSocket API has for them; one query, of the stations."""
    stations = ChargingStation.objects.filter(online=True).exclude(connection_id="")
    return {
        "totalConnections": here.connections,
        "authenticatedConnections": here.authenticated,
        "totalUsers": here.users,
        "gatewayConnections": stations.count(),
    }
