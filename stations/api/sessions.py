"""Charging sessions over REST: /api/sessions. Only stations make and end them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet, Value
from django.db.models.functions import Upper
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter, NumberFilter
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel, Filters, Kilo, Moment, Shouted, YesNo
from stations import by_now, selectors
from stations.api.connectors import ConnectorSerializer
from stations.api.metering import MeterValueSerializer
from stations.api.station_json import cards_meant, station_meant
from stations.models import ChargingSession, ChargingStation, SessionStatus

_IN_LIST, _IN_DETAIL = 100, 1000  # meter values shown with a session
_INCLUDING = 100  # sessions on a page that shows their meter values


class StationReference(CamelCaseModel):
    """Which station."""

    ocpp_identifier = serializers.CharField(source="cp_id", read_only=True)

    class Meta:
        model = ChargingStation
        fields = ("id", "ocpp_identifier")


class SessionSerializer(CamelCaseModel):
    """A session. ``connectorId`` is the connector's number at the station, Wh are whole numbers."""

    id = serializers.IntegerField(source="transaction_id", read_only=True)
    charging_station_id = serializers.IntegerField(source="station_id", read_only=True)
    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    connector_id = serializers.SerializerMethodField()
    ocpp_transaction_id = serializers.IntegerField(source="transaction_id", read_only=True)
    ocpp_id_tag = serializers.CharField(source="id_tag", read_only=True)
    authorization = serializers.CharField(
        read_only=True, help_text="What the card's standing was at the start: Accepted, ..."
    )
    start_timestamp = serializers.DateTimeField(
        source="started_at", read_only=True, allow_null=True
    )
    stop_timestamp = serializers.DateTimeField(source="stopped_at", read_only=True, allow_null=True)
    start_meter_value = serializers.IntegerField(
        source="meter_start_wh", read_only=True, allow_null=True, help_text="Wh"
    )
    stop_meter_value = serializers.IntegerField(
        source="meter_stop_wh", read_only=True, allow_null=True, help_text="Wh"
    )
    last_meter_value = serializers.IntegerField(
        source="last_register_wh", read_only=True, allow_null=True, help_text="Wh, heard last"
    )
    energy_kwh = Kilo(source="energy_wh")
    power_kw = Kilo(source="power_w", allow_null=True)
    session_status = Shouted(SessionStatus.choices, source="status")
    review_reasons = serializers.ListField(child=serializers.CharField(), read_only=True)
    charging_station = StationReference(source="station", read_only=True)
    connector = ConnectorSerializer(read_only=True, allow_null=True)
    meter_values = MeterValueSerializer(
        source="shown_meter_values",
        many=True,
        required=False,
        help_text="Of one session; in lists with include=meterValues",
    )
    meter_values_url = serializers.SerializerMethodField()

    class Meta:
        model = ChargingSession
        fields = (
            "id",
            "charging_station_id",
            "station_identifier",
            "connector_id",
            "ocpp_transaction_id",
            "reported_transaction_id",
            "ocpp_id_tag",
            "authorization",
            "session_status",
            "start_timestamp",
            "stop_timestamp",
            "start_meter_value",
            "stop_meter_value",
            "last_meter_value",
            "energy_kwh",
            "power_kw",
            "soc_percent",
            "last_reading_at",
            "stop_reason",
            "stop_id_tag",
            "needs_review",
            "review_reasons",
            "billable",
            "charging_station",
            "connector",
            "meter_values_url",
            "meter_values",
        )
        read_only_fields = tuple(set(fields) - {"meter_values"})

    def get_connector_id(self, session: ChargingSession) -> int | None:
        """Null where only the end of the session is known."""
        return session.connector.connector_id if session.connector else None

    def get_meter_values_url(self, session: ChargingSession) -> str:
        """All of them, page by page."""
        return reverse("session-meter-values", args=(session.pk,))


class SessionFilters(Filters):
    """Which sessions."""

    also: ClassVar[frozenset[str]] = Filters.also | {"include"}

    status = ChoiceFilter(
        choices=[(value.upper(), label) for value, label in SessionStatus.choices],
        method="with_status",
    )
    station = CharFilter(method="at_station", label="The station's identity")
    connector_id = NumberFilter(
        field_name="connector__connector_id", label="The connector's number at its station"
    )
    id_tag = CharFilter(method="with_tag", label="Letter case does not count")
    user_id = NumberFilter(method="of_user", label="Number of a user: with a card of theirs")
    start_after = Moment(field_name="started_at", lookup_expr="gte")
    start_before = Moment(field_name="started_at", lookup_expr="lt")
    needs_review = YesNo()

    def with_status(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """With this status, as the API writes it."""
        return rows.filter(status=value.capitalize())

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return rows.filter(station=station_meant(self.request, value, "station"))

    def of_user(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Begun with a card that is this person's; written so that the index of cards is used."""
        return rows.filter(card__in=[card for card, _ in cards_meant(value)])

    def with_tag(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Begun with this id tag; written so that both engines use the index."""
        tagged: QuerySet[Any] = rows.alias(tag=Upper("id_tag")).filter(tag=Upper(Value(value)))
        return tagged


_INCLUDE = OpenApiParameter(
    "include",
    str,
    enum=["meterValues"],
    description=f"Show the last {_IN_LIST} meter values of each session (and at most {_INCLUDING}"
    " sessions a page)",
)


class SessionViews(GenericViewSet[ChargingSession]):
    """What was charged, newest first."""

    model = ChargingSession
    queryset = ChargingSession.objects.none()
    serializer_class = SessionSerializer
    filterset_class = SessionFilters
    keyset = ("-transaction_id",)

    @extend_schema(parameters=[_INCLUDE])
    def list(self, request: Request) -> Response:
        """All sessions, page by page."""
        return self._page(selectors.sessions())

    @extend_schema(
        parameters=[_INCLUDE],
        responses=SessionSerializer(many=True),
        operation_id="sessions_of_station",
    )
    def of_station(self, request: Request, cp_id: str) -> Response:
        """The sessions of one station."""
        return self._page(selectors.sessions().filter(station=selectors.station_named(cp_id)))

    @extend_schema(
        parameters=[_INCLUDE],
        responses=SessionSerializer(many=True),
        operation_id="sessions_of_station_active",
    )
    def active_of_station(self, request: Request, cp_id: str) -> Response:
        """What one station charges now."""
        station = selectors.station_named(cp_id)
        return self._page(selectors.sessions().filter(station=station, status=SessionStatus.ACTIVE))

    def retrieve(self, request: Request, transaction_id: str) -> Response:
        """One session with its last meter values; `meterValuesUrl` has all of them."""
        session = selectors.session(int(transaction_id))
        by_now.catch_up([session])
        _show_meter_values([session], each=_IN_DETAIL)
        return Response(self.get_serializer(session).data)

    def _page(self, rows: QuerySet[ChargingSession]) -> Response:
        including = _includes_meter_values(self.request)
        if including:
            self.paginator.maximum = _INCLUDING  # type: ignore[union-attr]
        page = self.paginate_queryset(self.filter_queryset(rows)) or []
        by_now.catch_up(page)
        if including:
            _show_meter_values(page, each=_IN_LIST)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _includes_meter_values(request: Request) -> bool:
    wanted = request.query_params.get("include", "")
    if wanted not in ("", "meterValues"):
        raise ValidationError({"include": ["should be meterValues"]})
    return bool(wanted)


def _show_meter_values(sessions: Sequence[Any], *, each: int) -> None:
    found = selectors.last_meter_values([session.pk for session in sessions], each=each)
    for session in sessions:
        session.shown_meter_values = found[session.pk]
