"""Remote control over REST: POST /api/admin/<cpId>/<command>, one for every command we speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cms.shared import clock
from cms.shared.api import route
from cms.shared.errors import NotFound
from ocpp_gateway import bodies, errands
from ocpp_gateway.v16 import COMMANDS
from stations import selectors
from stations.api.assignments import asker
from stations.api.commands import (
    IDEMPOTENCY_KEY,
    LOCATION,
    QUEUE,
    WAIT,
    CommandFailure,
    StillOpen,
    answered,
    asked,
    asked_now,
    same_command,
)
from stations.api.reservations import given_up, reserved
from stations.models import ChargingProfile, ChargingStation, Command, Reservation
from stations.services import asking, assignments, commands, installed, local_lists, triggers


class CommandView(ViewSet):
    """Ask a station; the answer is the station's own."""

    model = Command
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    action_name: ClassVar[str]

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, ask, wait, and hand the answer on."""
        station = selectors.station_named(cp_id)
        payload = bodies.payload(self.action_name, request.data)
        self.check(payload)
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

    def check(self, payload: dict[str, Any]) -> None:
        """Raise DomainError for what the schema cannot know."""


class Trigger(CommandView):
    """Ask for a message."""

    def check(self, payload: dict[str, Any]) -> None:
        """Only some messages are about one connector."""
        triggers.check(payload)


class InstallCertificate(CommandView):
    """Let a station trust one more."""

    def check(self, payload: dict[str, Any]) -> None:
        """Text that is no certificate installs nothing."""
        installed.check(payload["certificate"])


class SetChargingProfile(CommandView):
    """Send a profile in OCPP's words: kept as an assignment, as those by name are."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, assign, wait, and hand the answer on."""
        station, wait = selectors.station_named(cp_id), asked(request).wait
        payload = bodies.payload(self.action_name, request.data)
        assignment = assignments.send(
            station=station,
            connector_id=payload["connectorId"],
            sent=payload["csChargingProfiles"],
            asker=asker(request),
            prefix="csChargingProfiles.",
        )
        assert assignment.command is not None
        same_command(assignment.command, station, self.action_name, payload)
        return answered(assignment.command, wait=wait)


class RemoteStart(CommandView):
    """Ask for a session, with a charging profile where one is given or named."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, ask, wait, and hand the answer on."""
        station, wait = selectors.station_named(cp_id), asked(request).wait
        payload, profile_id = bodies.remote_start(request.data)
        profile = None if profile_id is None else _profile(profile_id)
        command = assignments.remote_start(
            station=station, payload=payload, profile=profile, asker=asker(request)
        )
        if profile is not None:  # in the words and with the number it was sent with
            payload["chargingProfile"] = assignments.sent_with(command, profile)
        same_command(command, station, self.action_name, payload)
        return answered(command, wait=wait)


class ReserveNow(CommandView):
    """Reserve a connector: a row of ours as well as a command."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, reserve, wait, and hand the answer on."""
        station, how = selectors.station_named(cp_id), asked_now(request)
        payload = bodies.reservation(request.data)
        reservation = reserved(
            request,
            station=station,
            connector_id=payload["connectorId"],
            id_tag=payload["idTag"],
            parent_id_tag=payload.get("parentIdTag", ""),
            expires_at=payload["expiryDate"],
        )
        assert reservation.command is not None
        return answered(reservation.command, wait=how.wait)


class CancelReservation(CommandView):
    """Give a reserved connector free again."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, cancel, wait, and hand the answer on."""
        station, how = selectors.station_named(cp_id), asked_now(request)
        payload = bodies.payload(self.action_name, request.data)
        command = given_up(request, _reservation(station, payload["reservationId"]))
        return answered(command, wait=how.wait)


class ErrandView(CommandView):
    """Send a station off for a file: what is left out of the payload is given by the system."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, ask, wait, and hand the answer on."""
        station, how = selectors.station_named(cp_id), asked(request)
        by = asking.Request(clock.now(), request.user.pk, how.queue_for, how.idempotency_key)
        command = errands.asked(self.action_name, station, request.data, by)
        return answered(command, wait=how.wait)


class SendLocalList(CommandView):
    """Update the local list: without a list and a version it is worked out from the cards."""

    def create(self, request: Request, cp_id: str) -> Response:
        """Check, complete, ask, wait, and hand the answer on."""
        station = selectors.station_named(cp_id)
        given, how = bodies.local_list(request.data), asked(request)
        ours = "listVersion" not in given and "localAuthorizationList" not in given
        update = local_lists.send if ours else local_lists.ask
        command = update(
            station=station,
            **({"update_type": given.get("updateType")} if ours else {"payload": given}),
            at=clock.now(),
            requested_by_id=request.user.pk,
            queue_for=how.queue_for,
            idempotency_key=how.idempotency_key,
        )
        same_command(command, station, self.action_name, {**command.payload, **given})
        return answered(command, wait=how.wait)


_VIEWS: dict[str, type[CommandView]] = {
    "CancelReservation": CancelReservation,
    "ExtendedTriggerMessage": Trigger,
    "InstallCertificate": InstallCertificate,
    "RemoteStartTransaction": RemoteStart,
    "ReserveNow": ReserveNow,
    **dict.fromkeys(errands.ACTIONS, ErrandView),
    "SendLocalList": SendLocalList,
    "SetChargingProfile": SetChargingProfile,
    "TriggerMessage": Trigger,
}


def _reservation(station: ChargingStation, reservation_id: int) -> Reservation:
    reservation = selectors.reservations().filter(station=station, pk=reservation_id).first()
    if reservation is None:
        raise NotFound(
            "%(station)s has no reservation %(reservation_id)s",
            station=station.cp_id,
            reservation_id=reservation_id,
        )
    return reservation


def _profile(profile_id: int) -> ChargingProfile:
    found = (
        ChargingProfile.objects.filter(pk=profile_id).first() if 0 < profile_id < 2**63 else None
    )
    if found is None:
        raise ValidationError({"chargingProfileId": ["There is no charging profile with this id"]})
    return found


def _view(action: str, path: str) -> Callable[..., HttpResponseBase]:
    """A view for ``action``, documented with the specification's own schemas."""
    base = _VIEWS.get(action, CommandView)
    parameters = [WAIT, IDEMPOTENCY_KEY, LOCATION]
    if base not in (ReserveNow, CancelReservation):
        parameters += [QUEUE]
    taken = (errands if action in errands.ACTIONS else bodies).request_schema(action)
    documented = extend_schema(
        operation_id=f"admin_{path.replace('-', '_')}",
        summary=action,
        description=f"Send {action} to a station and answer with what it answers.",
        parameters=parameters,
        request={"application/json": taken},
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
