"""The paths of cards, below /api."""

from __future__ import annotations

from typing import Any

from cms.shared.api import route
from rfid.api.cards import CardStatusViews, CardViews
from rfid.api.imports import CardImportViews

_one: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
urlpatterns = [
    route("rfid", CardViews.as_view({"get": "list", "post": "create"}), "cards"),
    route("rfid-imports", CardImportViews.as_view({"post": "create"}), "card-import"),
    # Before the card itself: a tag may hold a slash.
    route("rfid/<tag:tag_id>/block", CardStatusViews.as_view({"post": "block"}), "card-block"),
    route(
        "rfid/<tag:tag_id>/activate", CardStatusViews.as_view({"post": "activate"}), "card-activate"
    ),
    route("rfid/<tag:tag_id>", CardViews.as_view(_one), "card"),
]
