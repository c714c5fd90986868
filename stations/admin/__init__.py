"""People's pages of stations and what happens at them: a module per noun."""

from __future__ import annotations

from stations.admin import (
    batches,
    certificates,
    charging_profiles,
    commands,
    configuration,
    connectors,
    credentials,
    firmware,
    local_lists,
    logs,
    metering,
    quirks,
    reservations,
    review,
    security,
    sessions,
    sites,
    stations,
    templates,
    transfers,
)

__all__ = [
    "batches",
    "certificates",
    "charging_profiles",
    "commands",
    "configuration",
    "connectors",
    "credentials",
    "firmware",
    "local_lists",
    "logs",
    "metering",
    "quirks",
    "reservations",
    "review",
    "security",
    "sessions",
    "sites",
    "stations",
    "templates",
    "transfers",
]
