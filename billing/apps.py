"""Billing as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What charging costs."""

    name = "billing"

    def ready(self) -> None:
        """Take part where cards are asked for and sessions begin: the tariff first, then holds."""
        from billing.services import allowance, tariffs
        from stations import hooks

        hooks.may_charge.append(allowance.refusal)
        hooks.session_opened += [tariffs.freeze, allowance.set_aside]
