"""Where gateways elsewhere report: /api/charger and /api/charging-session (docs/gateways.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.gateways import bodies, shown
from cms.shared import clock, scoping
from cms.shared.api import Enveloped, route
from cms.shared.errors import Conflict, NotFound
from ocpp_gateway import reported
from ocpp_gateway.models import Direction
from stations import selectors
from stations.models import ChargingSession, ChargingStation, Registration, SessionStatus
from stations.services import elsewhere

_SCOPES = dict.fromkeys(("GET", "POST", "PATCH"), "gateway")
_CHANGE = "stations.change_chargingstation"
_MOST_SESSIONS = 100
_ONE_DAY = timedelta(days=1)  # a frame of another day is filed under the one it was told
_WORDS = "Available, Charging, Occupied, Unavailable"
_DETAILS = (
    *("name", "vendor", "model", "serial_number", "firmware_version"),
    "meter_serial_number",
)


def _answer(name: str, **members: Any) -> Any:
    return inline_serializer(name, {"success": serializers.BooleanField(), **members})


_CHARGER = _answer("ChargerAnswer", charger=shown.ChargerSerializer())
_SESSIONS = _answer("GatewaySessionsAnswer", sessions=shown.GatewaySessionSerializer(many=True))
_SESSION = _answer("GatewaySessionAnswer", session=shown.GatewaySessionSerializer())
_STORED = _answer("GatewayMessageAnswer", message=serializers.CharField())


class ChargerViews(Enveloped, GenericViewSet[ChargingStation]):
    """Stations that are served elsewhere."""

    model = ChargingStation
    queryset = ChargingStation.objects.none()
    serializer_class: Any = shown.ChargerSerializer
    scopes: ClassVar[dict[str, str]] = _SCOPES
    missing = "Charger not found"

    @extend_schema(responses=_CHARGER, operation_id="charger_by_device")
    def retrieve(self, request: Request, device_id: str) -> Response:
        """One station, by the identity it connects with."""
        return _charger(device_id)

    @extend_schema(
        request=bodies.EnsureBody, responses={200: _CHARGER}, operation_id="charger_ensure"
    )
    def ensure(self, request: Request) -> Response:
        """Make sure a station is known; what is not named of it stays as it is."""
        said = _checked(bodies.EnsureBody, request)
        cp_id = said["device_id"]
        station = elsewhere.ensure(
            cp_id=cp_id,
            place=_place(request, cp_id),
            outlets=said.get("connector_count") or 0,
            details={
                name: value
                for name in _DETAILS
                if (value := said.get(name)) and value != bodies.UNKNOWN
            },
        )
        return _charger(station.cp_id)

    @extend_schema(
        request=bodies.StatusBody, responses={200: _CHARGER}, operation_id="charger_status"
    )
    def status(self, request: Request, device_id: str) -> Response:
        """Say how a station is: Available, Charging, Occupied, Unavailable, or online, offline.

        While a socket here serves it that counts for nothing.
        """
        station = selectors.station_named(device_id)
        word = _checked(bodies.StatusBody, request)["status"].lower()
        if word not in bodies.STATUSES:
            raise ValidationError([f"Invalid status. Must be one of: {_WORDS}"])
        said, at = bodies.STATUSES[word], clock.now()
        facts: dict[str, Any] = {"station_id": station.pk, "gateway": _gateway(request), "at": at}
        if said is bodies.GONE:
            elsewhere.gone(**facts)
        else:
            elsewhere.there(status=said, **facts)
        return _charger(device_id)

    @extend_schema(request=None, responses={200: _CHARGER}, operation_id="charger_last_seen")
    def last_seen(self, request: Request, device_id: str) -> Response:
        """Say that a station was heard from now."""
        station = selectors.station_named(device_id)
        elsewhere.heard(station_id=station.pk, gateway=_gateway(request), at=clock.now())
        return _charger(device_id)


class ActiveSessionViews(Enveloped, GenericViewSet[ChargingSession]):
    """What a station charges now."""

    model = ChargingSession
    queryset = ChargingSession.objects.none()
    pagination_class = None
    filter_backends = ()
    scopes: ClassVar[dict[str, str]] = _SCOPES
    is_silent = True  # their backend answered an empty list, not 404

    @extend_schema(responses=_SESSIONS, operation_id="charger_active_sessions")
    def active(self, request: Request, device_id: str) -> Response:
        """Newest first; empty, never 404, of a station nobody knows or who asks does not see."""
        station = ChargingStation.objects.named(device_id)
        rows = selectors.sessions().filter(station__in=station, status=SessionStatus.ACTIVE)
        seen = scoping.visible(request.user, rows.select_related("card"))
        newest = seen.order_by("-transaction_id")[:_MOST_SESSIONS]
        return Response({"success": True, "sessions": shown.sessions(list(newest))})


class StopViews(Enveloped, GenericViewSet[ChargingSession]):
    """The end of a session."""

    model = ChargingSession
    queryset = ChargingSession.objects.none()
    serializer_class = bodies.StopBody
    scopes: ClassVar[dict[str, str]] = _SCOPES
    missing = "Session not found"

    @extend_schema(
        request=bodies.StopBody, responses={200: _SESSION}, operation_id="charging_session_stop"
    )
    def stop(self, request: Request, session_id: str) -> Response:
        """End a session, once. What it costs is worked out here; the figures are kept as said."""
        rows = selectors.sessions().exclude(status=SessionStatus.ORPHANED)
        number = int(session_id) if session_id.isascii() and session_id.isdigit() else 0
        session = rows.filter(pk=number).first() if number < 2**31 else None
        if session is None:
            raise NotFound("Session not found")
        said = _checked(bodies.StopBody, request)
        if said.get("status") not in (None, "", "stopped", "completed", "failed"):
            raise ValidationError(["Invalid status. Must be one of: stopped, completed, failed"])
        told = elsewhere.Told(
            gateway=_gateway(request),
            stopped_at=_moment(said.get("end_time"), "endTime"),
            stopped_at_raw=said.get("end_time") or "",
            meter_start_wh=said.get("meter_start"),
            meter_stop_wh=said.get("meter_end"),
            energy_kwh=said.get("energy_consumed"),
            amount=said.get("final_amount"),
            reason=said.get("stop_reason") or "",
            said=_as_said(request.data),
        )
        ended = elsewhere.stop(session=session, told=told, at=clock.now())
        [one] = shown.sessions([selectors.sessions().select_related("card").get(pk=ended.pk)])
        return Response({"success": True, "session": one})


class MessageViews(Enveloped, GenericViewSet[ChargingStation]):
    """Frames that another gateway carried."""

    model = ChargingStation
    queryset = ChargingStation.objects.none()
    serializer_class = bodies.MessageBody
    scopes: ClassVar[dict[str, str]] = _SCOPES
    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE}
    missing = "Charger not found"

    @extend_schema(
        request=bodies.MessageBody, responses={200: _STORED}, operation_id="charger_ocpp_message"
    )
    def store(self, request: Request, device_id: str) -> Response:
        """Keep a frame in the message log; told twice within five seconds it is kept once."""
        station, now = selectors.station_named(device_id), clock.now()
        said = _checked(bodies.MessageBody, request)
        at = _moment(said.get("timestamp"), "timestamp") or now
        incoming = said["direction"] == bodies.INCOMING
        is_new = reported.keep(
            reported.Frame(
                station_id=station.pk,
                direction=Direction.RECEIVED if incoming else Direction.SENT,
                message_id=said.get("message_id") or "",
                action=said["message"],
                frame=_frame(said),
                at=at if abs(at - now) < _ONE_DAY else now,
            )
        )
        stored = "OCPP message stored successfully"
        return Response({"success": True, "message": stored if is_new else _DUPLICATE})


_NO_SITE = "is not known here, and this key works for several sites: add it to one of them first"
_DUPLICATE = "OCPP message already exists (duplicate)"


def _charger(cp_id: str) -> Response:
    station = selectors.station_in_full(cp_id)
    return Response({"success": True, "charger": shown.ChargerSerializer(station).data})


def _checked(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    found = body(data=request.data)
    found.is_valid(raise_exception=True)
    checked: dict[str, Any] = found.validated_data
    return checked


def _gateway(request: Request) -> str:
    """Who reports: the key, as gateways have one each; else the person."""
    prefix = getattr(request.auth, "prefix", None)
    return f"key {prefix}" if prefix else f"user {request.user.pk}"


def _place(request: Request, cp_id: str) -> elsewhere.Place:
    """Where a new station of this caller stands. Raises Conflict for one they may not see, and

    ValidationError where nobody knows at which of several sites it would stand.
    """
    known = ChargingStation.objects.named(cp_id).first()
    if known is not None and not scoping.sees(request.user, known):
        raise Conflict("This identity is taken")
    pending = settings.OCPP_UNKNOWN_STATIONS == "pending"
    registration = Registration.PENDING if pending else Registration.ACCEPTED
    limit = scoping.limit_of(request.user)
    if limit is None or known is not None:
        return elsewhere.Place(registration)
    if len(limit.site_ids) != 1:
        raise ValidationError({"deviceId": [_NO_SITE]})
    return elsewhere.Place(registration, *limit.site_ids)


def _moment(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        return clock.parse(text)
    except ValueError:
        raise ValidationError({name: ["should be a time such as 2026-01-31T18:00:00Z"]}) from None


def _frame(said: dict[str, Any]) -> list[Any]:
    """As it was on the wire; written anew where only its parts were told."""
    raw = said.get("raw")
    if isinstance(raw, list) and raw:
        return raw
    data = said.get("message_data")
    payload = {} if data is None else data
    if said["message"] == "Response":
        return [3, said.get("message_id") or "", payload]
    return [2, said.get("message_id") or "", said["message"], payload]


def _as_said(data: Any) -> dict[str, Any]:
    """The members that are known, as they came."""
    return {str(name): data[name] for name in bodies.StopBody().fields if name in data}


_device = "charger/<segment:device_id>"
urlpatterns = [
    route("charger/ensure", ChargerViews.as_view({"post": "ensure"}), "charger-ensure"),
    route(
        "charger/by-device/<segment:device_id>",
        ChargerViews.as_view({"get": "retrieve"}),
        "charger-by-device",
    ),
    route(f"{_device}/status", ChargerViews.as_view({"patch": "status"}), "charger-status"),
    route(
        f"{_device}/last-seen", ChargerViews.as_view({"patch": "last_seen"}), "charger-last-seen"
    ),
    route(
        f"{_device}/active-sessions",
        ActiveSessionViews.as_view({"get": "active"}),
        "charger-active-sessions",
    ),
    route(
        f"{_device}/ocpp-message", MessageViews.as_view({"post": "store"}), "charger-ocpp-message"
    ),
    route(
        "charging-session/<segment:session_id>/stop",
        StopViews.as_view({"patch": "stop"}),
        "charging-session-stop",
    ),
]
