"""Remote control over REST: POST /api/admin/<cpId>/<command>, one for every command we speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cms.shared import clock
from cms.shared.api import route
from cms.shared.errors import NotFound
from ocpp_gateway import bodies
from ocpp_gateway.v16 import COMMANDS
from stations import selectors
from stations.api.commands import (
    IDEMPOTENCY_KEY,
    LOCATION,
    QUEUE,
    WAIT,
    CommandFailure,
    StillOpen,
    answered,
    asked,
    only_wait,
    same_command,
)
from stations.models import ChargingStation, Command, Reservation
from stations.services import commands, reservations


class CommandView(ViewSet):
    """Ask a station; the answer is the station's own."""

    model = Command
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    action_name: ClassVar[str]

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, ask, wait, and hand the answer on."""
        station = selectors.station_named(cp_id)
        payload = bodies.payload(self.action_name, request.data)
        how = asked(request)
        command = commands.request(
            station=station,
            action=self.action_name,
            payload=payload,
            at=clock.now(),
            requested_by_id=request.user.pk,
            queue_for=how.queue_for,
            idempotency_key=how.idempotency_key,
        )
        same_command(command, station, self.action_name, payload)
        return answered(command, wait=how.wait)


class ReserveNow(CommandView):
    """Reserve a connector: a row of ours as well as a command."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, reserve, wait, and hand the answer on."""
        station, wait = selectors.station_named(cp_id), only_wait(request)
        payload = bodies.reservation(request.data)
        reservation = reservations.reserve(
            station=station,
            connector_id=payload["connectorId"],
            id_tag=payload["idTag"],
            parent_id_tag=payload.get("parentIdTag", ""),
            expires_at=payload["expiryDate"],
            at=clock.now(),
            requested_by_id=request.user.pk,
        )
        assert reservation.command is not None
        return answered(reservation.command, wait=wait)


class CancelReservation(CommandView):
    """Give a reserved connector free again."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, cancel, wait, and hand the answer on."""
        station, wait = selectors.station_named(cp_id), only_wait(request)
        payload = bodies.payload(self.action_name, request.data)
        command = reservations.cancel(
            reservation=_reservation(station, payload["reservationId"]),
            at=clock.now(),
            requested_by_id=request.user.pk,
        )
        return answered(command, wait=wait)


_VIEWS: dict[str, type[CommandView]] = {
    "CancelReservation": CancelReservation,
    "ReserveNow": ReserveNow,
}


def _reservation(station: ChargingStation, reservation_id: int) -> Reservation:
    reservation = selectors.reservations().filter(station=station, pk=reservation_id).first()
    if reservation is None:
        raise NotFound(f"{station.cp_id} has no reservation {reservation_id}")
    return reservation


def _view(action: str, path: str) -> Callable[..., HttpResponseBase]:
    """A view for ``action``, documented with the specification's own schemas."""
    base = _VIEWS.get(action, CommandView)
    parameters = [WAIT, LOCATION]
    if base is CommandView:
        parameters += [QUEUE, IDEMPOTENCY_KEY]
    documented = extend_schema(
        operation_id=f"admin_{path.replace('-', '_')}",
        summary=action,
        description=f"Send {action} to a station and answer with what it answers.",
        parameters=parameters,
        request={"application/json": bodies.request_schema(action)},
        responses={
            200: OpenApiResponse(bodies.answer_schema(action), "What the station answered"),
            202: OpenApiResponse(StillOpen, "No answer yet"),
            502: OpenApiResponse(CommandFailure, "The station answered with an error"),
            504: OpenApiResponse(CommandFailure, "The station did not answer in time"),
        },
    )
    view: type[CommandView] = type(f"{action}View", (base,), {"action_name": action})
    return extend_schema_view(create=documented)(view).as_view({"post": "create"})


urlpatterns: list[URLPattern] = [
    route(f"admin/<segment:cp_id>/{path}", _view(action, path), f"admin-{path}")
    for action, command in COMMANDS.items()
    for path in command.path
]
