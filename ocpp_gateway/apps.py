"""The gateway as a Django app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate

from cms.shared import clock, scoping


class OcppGatewayConfig(AppConfig):
    """The OCPP conversation and its log."""

    name = "ocpp_gateway"
    verbose_name = "OCPP gateway"

    def ready(self) -> None:
        """Say that messages are of the site of their station; have days for them from the start."""
        scoping.declare(self.label, {"OcppMessage": "station__site"})
        post_migrate.connect(_have_days, sender=self, dispatch_uid="days")


def _have_days(using: str, **_: Any) -> None:
    from ocpp_gateway import days

    if using == DEFAULT_DB_ALIAS:
        days.make_ahead(clock.now())
