"""Billing as a Django app."""

from __future__ import annotations

from django.apps import AppConfig

from cms.shared import scoping


class BillingConfig(AppConfig):
    """What charging costs."""

    name = "billing"

    def ready(self) -> None:
        """Take part where cards are asked for and sessions begin: tariff, payments, holds.

        And say what of it is of which site.
        """
        from billing.models import scoping as models
        from billing.services import allowance, fitting, payments, running, tariffs
        from stations import hooks

        scoping.declare(self.label, models.RULES)
        scoping.declare_names(models.NAMES)
        hooks.session_changed.append(fitting.changed)
        hooks.may_charge.append(allowance.refusal)
        hooks.session_costs.append(running.costs)
        hooks.session_currencies.append(tariffs.currencies_at)
        hooks.session_opened += [tariffs.freeze, payments.taken_up, allowance.set_aside]
