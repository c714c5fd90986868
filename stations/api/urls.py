"""The paths of stations and what happens there, below /api."""

from __future__ import annotations

from typing import Any

from cms.shared.api import route
from stations.api.commands import CommandViews
from stations.api.metering import MeterValueViews
from stations.api.reservations import CancelViews, ReservationViews
from stations.api.sessions import SessionViews
from stations.api.stations import (
    ConfigurationViews,
    ConnectedViews,
    StationKeyViews,
    StationViews,
)

_many: dict[str, Any] = {"get": "list", "post": "create"}
_station: dict[str, Any] = {
    "get": "retrieve",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}
_stations = [
    route("stations", StationViews.as_view(_many), "stations"),
    route(
        "stations/connected/list", ConnectedViews.as_view({"get": "retrieve"}), "stations-connected"
    ),
    route("stations/<segment:cp_id>", StationViews.as_view(_station), "station"),
    route(
        "stations/<segment:cp_id>/key",
        StationKeyViews.as_view({"post": "create", "delete": "destroy"}),
        "station-key",
    ),
    route(
        "stations/<segment:cp_id>/configuration",
        ConfigurationViews.as_view({"get": "list"}),
        "station-configuration",
    ),
]
_sessions = [
    route("sessions", SessionViews.as_view({"get": "list"}), "sessions"),
    route("sessions/<number:transaction_id>", SessionViews.as_view({"get": "retrieve"}), "session"),
    route(
        "sessions/<number:transaction_id>/meter-values",
        MeterValueViews.as_view({"get": "list"}),
        "session-meter-values",
    ),
    route(
        "sessions/station/<segment:cp_id>",
        SessionViews.as_view({"get": "of_station"}),
        "sessions-of-station",
    ),
    route(
        "sessions/station/<segment:cp_id>/active",
        SessionViews.as_view({"get": "active_of_station"}),
        "sessions-active",
    ),
]
_reservations = [
    route("reservations", ReservationViews.as_view(_many), "reservations"),
    route(
        "reservations/<number:reservation_id>",
        ReservationViews.as_view({"get": "retrieve", "delete": "destroy"}),
        "reservation",
    ),
    route(
        "reservations/<number:reservation_id>/cancel",
        CancelViews.as_view({"post": "cancel"}),
        "reservation-cancel",
    ),
]
_commands = [
    route("commands", CommandViews.as_view({"get": "list"}), "commands"),
    route("commands/<number:command_id>", CommandViews.as_view({"get": "retrieve"}), "command"),
]
urlpatterns = [*_stations, *_sessions, *_reservations, *_commands]
