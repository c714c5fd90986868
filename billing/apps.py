"""Billing as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What charging costs."""

    name = "billing"
