"""The paths of drivers, below /api: oneself, registering, how many apps are connected."""

from __future__ import annotations

from cms.drivers.api.cards import OwnCardViews
from cms.drivers.api.favourites import FavouriteViews
from cms.drivers.api.profile import MeViews, PasswordViews
from cms.drivers.api.registration import Register
from cms.drivers.api.stats import Stats
from cms.shared.api import route

urlpatterns = [
    route("stats", Stats.as_view(), "stats"),
    route("auth/register", Register.as_view(), "auth-register"),
    route("me", MeViews.as_view({"get": "retrieve", "patch": "partial_update"}), "me"),
    route("me/password", PasswordViews.as_view({"post": "create"}), "me-password"),
    route("me/cards", OwnCardViews.as_view({"get": "list"}), "me-cards"),
    route("me/cards/<number:card_id>/lost", OwnCardViews.as_view({"post": "lost"}), "me-card-lost"),
    route("me/favourites", FavouriteViews.as_view({"get": "list", "post": "create"}), "favourites"),
    route(
        "me/favourites/<number:favourite_id>",
        FavouriteViews.as_view({"delete": "destroy"}),
        "favourite",
    ),
]
