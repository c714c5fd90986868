"""Reservations over REST: /api/reservations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter, NumberFilter
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.errors import Conflict
from stations import selectors, waiting
from stations.api.commands import (
    IDEMPOTENCY_KEY,
    WAIT,
    CommandFailure,
    asked_now,
    same_command,
    unanswered,
)
from stations.api.station_json import cards_meant, station_meant
from stations.models import Command, CommandStatus, Reservation, ReservationStatus
from stations.models.connectors import MAX_CONNECTOR_ID
from stations.services import reservations

_CHANGE = "stations.change_reservation"


class ReservationSerializer(CamelCaseModel):
    """A connector kept for a card. ``connectorId`` 0 means any connector of the station."""

    id = serializers.IntegerField(
        source="reservation_id", read_only=True, help_text="OCPP's reservationId"
    )
    charging_station_id = serializers.IntegerField(source="station_id", read_only=True)
    ocpp_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    connector_id = serializers.IntegerField(source="connector.connector_id", read_only=True)
    expiry_date = serializers.DateTimeField(source="expires_at", read_only=True)
    session_id = serializers.IntegerField(read_only=True, allow_null=True)
    command_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Reservation
        fields = (
            "id",
            "charging_station_id",
            "ocpp_identifier",
            "connector_id",
            "id_tag",
            "parent_id_tag",
            "status",
            "status_reason",
            "expiry_date",
            "requested_at",
            "ended_at",
            "session_id",
            "command_id",
            "reported_reservation_id",
        )
        read_only_fields = fields


class ReservationRequest(CamelCase):
    """What to reserve, and for whom."""

    ocpp_identifier = serializers.CharField()
    connector_id = serializers.IntegerField(min_value=0, max_value=MAX_CONNECTOR_ID)
    id_tag = serializers.CharField(max_length=20)
    expiry_date = serializers.DateTimeField()
    parent_id_tag = serializers.CharField(max_length=20, required=False)


class ReservationFilters(Filters):
    """Which reservations."""

    status = ChoiceFilter(choices=ReservationStatus.choices)
    station = CharFilter(method="at_station", label="The station's identity")
    connector_id = NumberFilter(
        field_name="connector__connector_id", label="The connector's number at its station"
    )
    id_tag = CharFilter(method="with_tag", label="Letter case does not count")
    user_id = NumberFilter(method="of_user", label="Number of a user: for a card of theirs")

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """At this station; one nobody knows is a 400."""
        return rows.filter(station=station_meant(self.request, value, "station"))

    def with_tag(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """For this id tag."""
        return _for_tags(rows, [value.upper()])

    def of_user(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """For a card that is this person's now."""
        return _for_tags(rows, [tag for _, tag in cards_meant(value)])


def _for_tags(rows: QuerySet[Any], tags: list[str]) -> QuerySet[Any]:
    """Written so that both engines use the index."""
    found: QuerySet[Any] = rows.alias(tag=Upper("id_tag")).filter(tag__in=tags)
    return found


_LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    description="The reservation",
    response=[201, 202],
)
_OUTCOMES: dict[int, Any] = {502: CommandFailure, 504: CommandFailure}


def reserved(request: Request, **wanted: Any) -> Reservation:
    """Reserve what ``wanted`` says, once for each Idempotency-Key. Raises Conflict where the key

    was used for something else.
    """
    reservation = reservations.reserve(
        **wanted,
        at=clock.now(),
        requested_by_id=request.user.pk,
        idempotency_key=asked_now(request).idempotency_key,
    )
    made = {
        "station": wanted["station"] if reservation.station_id == wanted["station"].pk else None,
        "connector_id": reservation.connector.connector_id,
        "id_tag": reservation.id_tag,
        "parent_id_tag": reservation.parent_id_tag,
        "expires_at": reservation.expires_at,
    }
    if made != wanted:
        raise Conflict("This Idempotency-Key was used for another reservation")
    return reservation


def given_up(request: Request, reservation: Reservation) -> Command:
    """Ask for its end, once for each Idempotency-Key. Raises Conflict as ``reserved`` does."""
    command = reservations.cancel(
        reservation=reservation,
        at=clock.now(),
        requested_by_id=request.user.pk,
        idempotency_key=asked_now(request).idempotency_key,
    )
    payload = {"reservationId": reservation.number}
    same_command(command, reservation.station, "CancelReservation", payload)
    return command


def shown(
    reservation: Reservation,
    command: Command | None,
    wait: float,
    *,
    done: int,
    at: str = "reservation",
) -> Response:
    """The reservation as it is after the station answered ``command``; ``at`` names its address."""
    if command is not None:
        command = waiting.settled(command, seconds=wait)
        done = 202 if command.is_open else done
        if not command.is_open and command.status != CommandStatus.ANSWERED:
            return unanswered(command) or Response(status=done)
    row = selectors.reservation(reservation.pk)
    response = Response(ReservationSerializer(row).data, status=done)
    response["Location"] = reverse(at, args=(row.pk,))
    return response


class ReservationViews(GenericViewSet[Reservation]):
    """Connectors kept for a card until a time, newest first."""

    model = Reservation
    queryset = Reservation.objects.none()
    serializer_class = ReservationSerializer
    filterset_class = ReservationFilters
    keyset = ("-reservation_id",)

    def list(self, request: Request) -> Response:
        """All reservations, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.reservations()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=ReservationRequest,
        parameters=[WAIT, IDEMPOTENCY_KEY, _LOCATION],
        responses={201: ReservationSerializer, 202: ReservationSerializer, **_OUTCOMES},
    )
    def create(self, request: Request) -> Response:
        """Reserve: ask the station (ReserveNow) and wait for its answer.

        201 once it answered; `status` says whether the connector is kept (Accepted) or why not
        (Occupied, Faulted, ...). 202 while the answer is open.
        """
        how, wanted = asked_now(request), ReservationRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        reservation = reserved(
            request,
            station=station_meant(request, fields["ocpp_identifier"], "ocppIdentifier"),
            connector_id=fields["connector_id"],
            id_tag=fields["id_tag"],
            parent_id_tag=fields.get("parent_id_tag", ""),
            expires_at=fields["expiry_date"],
        )
        return shown(reservation, reservation.command, how.wait, done=201)

    def retrieve(self, request: Request, reservation_id: str) -> Response:
        """One reservation."""
        return Response(self.get_serializer(selectors.reservation(int(reservation_id))).data)

    @extend_schema(
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses={200: ReservationSerializer, 202: ReservationSerializer, **_OUTCOMES},
    )
    def destroy(self, request: Request, reservation_id: str) -> Response:
        """Cancel: the same as POST …/cancel. The row stays, as the record of it."""
        return self._cancelled(request, reservation_id)

    def _cancelled(self, request: Request, reservation_id: str) -> Response:
        how, reservation = asked_now(request), selectors.reservation(int(reservation_id))
        command = given_up(request, reservation)
        return shown(reservation, command, how.wait, done=200)


class CancelViews(ReservationViews):
    """Cancelling."""

    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE}

    @extend_schema(
        request=None,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses={200: ReservationSerializer, 202: ReservationSerializer, **_OUTCOMES},
        operation_id="reservations_cancel",
    )
    def cancel(self, request: Request, reservation_id: str) -> Response:
        """Cancel: ask the station to give the connector free (CancelReservation)."""
        return self._cancelled(request, reservation_id)
