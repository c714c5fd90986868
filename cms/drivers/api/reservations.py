"""One's own reservations over REST: /api/me/reservations."""

from __future__ import annotations

from typing import Any

from django_filters import ChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.drivers import reserving
from cms.drivers.api.asked import OUTCOMES
from cms.drivers.api.charging import asker, card_meant
from cms.drivers.api.own import Own, my_id
from cms.shared.api import CamelCase, Filters, YesNo
from cms.shared.errors import Conflict, NotFound
from stations import selectors
from stations.api.commands import IDEMPOTENCY_KEY, WAIT, asked_now, same_command
from stations.api.reservations import ReservationSerializer, given_up, shown
from stations.api.station_json import station_meant
from stations.models import Reservation, ReservationStatus
from stations.models.connectors import MAX_CONNECTOR_ID
from stations.models.reservations import HOLDING
from stations.services import reservations

_AT = "me-reservation"
_WAITED: dict[int, Any] = {200: ReservationSerializer, 202: ReservationSerializer, **OUTCOMES}


class OwnReservationRequest(CamelCase):
    """What to keep, for which card, and until when."""

    ocpp_identifier = serializers.CharField(max_length=200)
    connector_id = serializers.IntegerField(
        min_value=0, max_value=MAX_CONNECTOR_ID, help_text="0: any of the station"
    )
    tag_id = serializers.CharField(
        required=False, max_length=20, help_text="One of your cards; needless where you have one"
    )
    expiry_date = serializers.DateTimeField(
        required=False, help_text="Without it: as long as drivers may (RESERVATION_MINUTES)"
    )


class Extension(CamelCase):
    """Until when it is to be kept instead."""

    expiry_date = serializers.DateTimeField()


class OwnReservationFilters(Filters):
    """Which of them."""

    status = ChoiceFilter(choices=ReservationStatus.choices)
    open = YesNo(method="held", label="Asked for or held, or over")

    def held(self, rows: Any, name: str, value: bool) -> Any:
        """Those that keep a connector, or those that do not any more."""
        return rows.filter(status__in=HOLDING) if value else rows.exclude(status__in=HOLDING)


class OwnReservationViews(Own, GenericViewSet[Reservation]):
    """Connectors kept for one's cards, newest first."""

    queryset = Reservation.objects.none()
    serializer_class = ReservationSerializer
    filterset_class = OwnReservationFilters
    keyset = ("-reservation_id",)

    @extend_schema(operation_id="me_reservations_list")
    def list(self, request: Request) -> Response:
        """Your reservations, page by page."""
        rows = self.filter_queryset(selectors.reservations_of(my_id(request)))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=OwnReservationRequest,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses={201: ReservationSerializer, 202: ReservationSerializer, **OUTCOMES},
        operation_id="me_reservations_create",
        examples=[
            OpenApiExample(
                "Until half past",
                value={
                    **{"ocppIdentifier": "CP-1", "connectorId": 1},
                    "expiryDate": "2026-01-15T10:30:00Z",
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Ask the station to keep a connector for a card of yours, and wait for its answer.

        201 once it answered; `status` says whether it is kept (Accepted) or why not. 202 while the
        answer is open. 409 for a station that is offline, a connector that is reserved, a card
        that may not charge, or too many reservations at once.
        """
        how, said = asked_now(request), OwnReservationRequest(data=request.data)
        said.is_valid(raise_exception=True)
        wanted = said.validated_data
        station = station_meant(request, wanted["ocpp_identifier"], "ocppIdentifier")
        card = card_meant(request, wanted.get("tag_id"))
        row = reserving.reserve(
            card=card,
            station=station,
            connector_id=wanted["connector_id"],
            expires_at=wanted.get("expiry_date"),
            asker=asker(request),
        )
        meant = (station.pk, wanted["connector_id"], card.id_tag)
        if (row.station_id, row.connector.connector_id, row.id_tag) != meant:
            raise Conflict("This Idempotency-Key was used for another reservation")
        return shown(row, row.command, how.wait, done=201, at=_AT)

    @extend_schema(operation_id="me_reservations_retrieve")
    def retrieve(self, request: Request, reservation_id: str) -> Response:
        """One of them."""
        return Response(self.get_serializer(_own(request, reservation_id)).data)

    @extend_schema(
        request=Extension,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses=_WAITED,
        operation_id="me_reservations_extend",
        examples=[
            OpenApiExample(
                "Longer", value={"expiryDate": "2026-01-15T10:45:00Z"}, request_only=True
            )
        ],
    )
    def partial_update(self, request: Request, reservation_id: str) -> Response:
        """Ask the station to keep it until then, and wait for its answer.

        Where it refuses, `expiryDate` stays what it was. 409 for one that is not held.
        """
        how, row = asked_now(request), _own(request, reservation_id)
        said = Extension(data=request.data)
        said.is_valid(raise_exception=True)
        until = said.validated_data["expiry_date"]
        command = reserving.extend(reservation=row, expires_at=until, asker=asker(request))
        payload = reservations.payload_of(row, until)
        same_command(command, row.station, "ReserveNow", payload)
        return shown(row, command, how.wait, done=200, at=_AT)

    @extend_schema(
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses=_WAITED,
        operation_id="me_reservations_destroy",
    )
    def destroy(self, request: Request, reservation_id: str) -> Response:
        """Cancel: the same as POST …/cancel. The row stays, as the record of it."""
        return self._cancelled(request, reservation_id)

    @extend_schema(
        request=None,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses=_WAITED,
        operation_id="me_reservations_cancel",
    )
    def cancel(self, request: Request, reservation_id: str) -> Response:
        """Cancel: ask the station to give the connector free."""
        return self._cancelled(request, reservation_id)

    def _cancelled(self, request: Request, reservation_id: str) -> Response:
        how, row = asked_now(request), _own(request, reservation_id)
        return shown(row, given_up(request, row), how.wait, done=200, at=_AT)


def _own(request: Request, reservation_id: str) -> Reservation:
    row = selectors.reservations_of(my_id(request)).filter(pk=int(reservation_id)).first()
    if row is None:
        raise NotFound("Reservation not found")
    return row
