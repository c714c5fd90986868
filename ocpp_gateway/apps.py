"""The gateway as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class OcppGatewayConfig(AppConfig):
    """The OCPP conversation and its log."""

    name = "ocpp_gateway"
    verbose_name = "OCPP gateway"
