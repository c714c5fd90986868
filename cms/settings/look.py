"""How the admin and the API documentation present themselves."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Voltdesk",
    "SITE_HEADER": "Voltdesk",
    "SITE_SYMBOL": "ev_station",
    "SITE_URL": None,
    "ENVIRONMENT": "cms.admin.environment",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "COMMAND": {"search_models": False},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("second_factor")},
        ]
    },
    "LOGIN": {"form": "cms.accounts.login.LoginForm"},
    "DASHBOARD_CALLBACK": "cms.home.page",
    "SIDEBAR": {"show_search": False, "navigation": "cms.admin.navigation"},
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("voltdesk/favicon.svg"),
        }
    ],
    "STYLES": [
        lambda request: static("voltdesk/admin.css"),
        lambda request: static("voltdesk/security.css"),
    ],
    "SCRIPTS": [
        lambda request: static("voltdesk/admin.js"),
        lambda request: static("voltdesk/menus.js"),
        lambda request: static("voltdesk/live.js"),
        lambda request: static("voltdesk/palette.js"),
    ],
    # Emerald, one step darker than usual: white text on 600 must be readable (WCAG AA).
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.113)",
            "100": "oklch(95% .052 163.051)",
            "200": "oklch(90.5% .093 164.15)",
            "300": "oklch(84.5% .143 164.978)",
            "400": "oklch(76.5% .177 163.223)",
            "500": "oklch(69.6% .17 162.48)",
            "600": "oklch(50.8% .118 165.612)",
            "700": "oklch(43.2% .095 166.913)",
            "800": "oklch(37.8% .077 168.94)",
            "900": "oklch(32% .063 169.7)",
            "950": "oklch(26.2% .051 172.552)",
        }
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Voltdesk API",
    "DESCRIPTION": "Stations, charging sessions, cards, reservations and remote control.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "CAMELIZE_NAMES": True,
    "PATH_CONVERTER_OVERRIDES": {"number": int, "segment": str, "tag": str},
    "ENUM_NAME_OVERRIDES": {
        "ConfigurationReadState": "stations.models.ReadState",
        "BatchItemState": "stations.models.ItemState",
        "LocalListState": "stations.models.ListState",
        "HistoryState": "billing.services.histories.State",
        "EntryKind": "billing.models.EntryKind",
        "WalletPolicy": "billing.models.Policy",
        "PaymentState": "billing.models.PaymentState",
        "PaymentPurpose": "billing.models.PaymentPurpose",
        "RefundState": "billing.models.RefundState",
        "CardStatus": "rfid.models.CardStatus",
        "StationStatus": ["ONLINE", "OFFLINE"],
        "LogKind": "stations.models.LogKind",
        "ReviewKind": "stations.models.review.ReviewKind",
        "EffectState": "stations.models.EffectState",
        "TransferState": "stations.models.TransferState",
        "CommandStatus": "stations.models.CommandStatus",
        "Registration": "stations.models.Registration",
        "ReservationStatus": "stations.models.ReservationStatus",
        "AssignmentState": "stations.models.AssignmentState",
        "ErrandOutcome": "stations.models.Outcome",
        "UpgradeOutcome": "stations.models.UpgradeOutcome",
        "UpgradeStep": "stations.models.UpgradeStep",
        "InstalledState": "stations.models.InstalledState",
        "CertificateState": "stations.models.CertificateState",
        "ReviewState": "stations.models.review.ReviewState",
    },
}
