"""The paths of drivers, below /api: oneself, registering, how many apps are connected."""

from __future__ import annotations

from typing import Any

from cms.drivers.api.asked import OwnCommandViews
from cms.drivers.api.cards import OwnCardViews
from cms.drivers.api.charging import OwnChargingViews
from cms.drivers.api.favourites import FavouriteViews
from cms.drivers.api.metering import OwnMeterValueViews
from cms.drivers.api.profile import MeViews, PasswordViews
from cms.drivers.api.registration import Register
from cms.drivers.api.reservations import OwnReservationViews
from cms.drivers.api.stats import Stats
from cms.drivers.api.verification import VerificationViews, VerifyEmail
from cms.shared.api import route

_get: dict[str, Any] = {"get": "retrieve"}
_many: dict[str, Any] = {"get": "list", "post": "create"}
urlpatterns = [
    route("stats", Stats.as_view(), "stats"),
    route("auth/register", Register.as_view(), "auth-register"),
    route("auth/verify-email", VerifyEmail.as_view(), "auth-verify-email"),
    route("me", MeViews.as_view({"get": "retrieve", "patch": "partial_update"}), "me"),
    route("me/password", PasswordViews.as_view({"post": "create"}), "me-password"),
    route("me/verify-email", VerificationViews.as_view({"post": "create"}), "me-verify-email"),
    route("me/cards", OwnCardViews.as_view({"get": "list"}), "me-cards"),
    route("me/cards/<number:card_id>/lost", OwnCardViews.as_view({"post": "lost"}), "me-card-lost"),
    route("me/commands/<number:command_id>", OwnCommandViews.as_view(_get), "me-command"),
    route("me/sessions", OwnChargingViews.as_view(_many), "me-sessions"),
    route("me/sessions/<number:transaction_id>", OwnChargingViews.as_view(_get), "me-session"),
    route(
        "me/sessions/<number:transaction_id>/meter-values",
        OwnMeterValueViews.as_view({"get": "list"}),
        "me-session-meter-values",
    ),
    route(
        "me/sessions/<number:transaction_id>/stop",
        OwnChargingViews.as_view({"post": "stop"}),
        "me-session-stop",
    ),
    route("me/reservations", OwnReservationViews.as_view(_many), "me-reservations"),
    route(
        "me/reservations/<number:reservation_id>",
        OwnReservationViews.as_view({**_get, "patch": "partial_update", "delete": "destroy"}),
        "me-reservation",
    ),
    route(
        "me/reservations/<number:reservation_id>/cancel",
        OwnReservationViews.as_view({"post": "cancel"}),
        "me-reservation-cancel",
    ),
    route("me/favourites", FavouriteViews.as_view(_many), "favourites"),
    route(
        "me/favourites/<number:favourite_id>",
        FavouriteViews.as_view({"delete": "destroy"}),
        "favourite",
    ),
]
