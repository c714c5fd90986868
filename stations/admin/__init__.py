"""People's pages of stations and what happens at them: a module per noun."""

from __future__ import annotations

from stations.admin import commands, connectors, metering, reservations, sessions, sites, stations

__all__ = ["commands", "connectors", "metering", "reservations", "sessions", "sites", "stations"]
