"""Stations as a Django app."""

from __future__ import annotations

from django.apps import AppConfig

from cms.shared import scoping


class StationsConfig(AppConfig):
    """Sites, stations, connectors, sessions, meter values, reservations and commands."""

    name = "stations"

    def ready(self) -> None:
        """Say what of it is of which site."""
        from stations.models import scoping as models

        scoping.declare(self.label, models.RULES)
        scoping.declare_names(models.NAMES)
        scoping.declare_kinds(models.KINDS)
