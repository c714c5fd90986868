"""Billing as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What charging costs."""

    name = "billing"

    def ready(self) -> None:
        """Take part where sessions begin: each keeps the tariff that counts then."""
        from billing.services import tariffs
        from stations import hooks

        hooks.session_opened.append(tariffs.freeze)
