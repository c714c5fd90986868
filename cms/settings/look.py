"""How the admin and the API documentation present themselves."""

from __future__ import annotations

UNFOLD = {
    "SITE_TITLE": "Voltdesk",
    "SITE_HEADER": "Voltdesk",
    "SITE_SYMBOL": "ev_station",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COMMAND": {"search_models": False},
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
}
