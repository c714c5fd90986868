"""Stations over REST: /api/stations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import CharFilter, ChoiceFilter, ModelChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import scoping
from cms.shared.api import Filters, YesNo
from cms.shared.errors import Conflict
from stations import selectors
from stations.api.sites import sites_of
from stations.api.station_json import (
    ConfigurationKeySerializer,
    ConnectedSerializer,
    EnrolmentSerializer,
    StationKeySerializer,
    StationSerializer,
)
from stations.models import (
    ChargingStation,
    ConfigurationKey,
    Connector,
    ConnectorStatus,
    Registration,
    Site,
)
from stations.services import enrolment, keys, stations

_CHANGE = "stations.change_chargingstation"


def _available() -> QuerySet[ChargingStation]:
    """Stations that are online, in order, and have an outlet that is free."""
    own = Connector.objects.order_by().filter(station=OuterRef("pk"))
    free = own.filter(status=ConnectorStatus.AVAILABLE, connector_id__gt=0)
    out = own.filter(
        status__in=(ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED), connector_id=0
    )
    return ChargingStation.objects.filter(Exists(free), ~Exists(out), online=True)


class StationFilters(Filters):
    """Which stations."""

    status = ChoiceFilter(
        choices=[("ONLINE", "heard from lately"), ("OFFLINE", "not heard from")],
        method="with_status",
    )
    registration = ChoiceFilter(choices=Registration.choices)
    site_id = ModelChoiceFilter(field_name="site", queryset=sites_of)
    connected = YesNo(method="with_socket", label="With an open socket")
    serial_number = CharFilter(label="As the station said it")
    available = YesNo(method="with_a_free_outlet", label="Online, with a connector that is free")

    def with_status(
        self, rows: QuerySet[ChargingStation], name: str, value: str
    ) -> QuerySet[ChargingStation]:
        """Online or not."""
        return rows.filter(online=value == "ONLINE")

    def with_socket(
        self, rows: QuerySet[ChargingStation], name: str, value: bool
    ) -> QuerySet[ChargingStation]:
        """Connected or not."""
        connected = selectors.connected().values("pk")
        return rows.filter(pk__in=connected) if value else rows.exclude(pk__in=connected)

    def with_a_free_outlet(
        self, rows: QuerySet[ChargingStation], name: str, value: bool
    ) -> QuerySet[ChargingStation]:
        """Where one could begin to charge now, or not."""
        free = _available().values("pk")
        return rows.filter(pk__in=free) if value else rows.exclude(pk__in=free)


class StationViews(GenericViewSet[ChargingStation]):
    """What stands in the street."""

    model = ChargingStation
    queryset = ChargingStation.objects.none()
    serializer_class = StationSerializer
    filterset_class = StationFilters

    def get_queryset(self) -> QuerySet[ChargingStation]:
        """All stations."""
        return selectors.stations()

    def list(self, request: Request) -> Response:
        """All stations, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=EnrolmentSerializer, responses={200: EnrolmentSerializer, 201: EnrolmentSerializer}
    )
    def create(self, request: Request) -> Response:
        """Add a station (201); one with this identity that exists is changed instead (200).

        Who is limited to some sites names one of them, and changes no station of another.
        """
        checked = _checked(request)
        known = ChargingStation.objects.named(checked["cp_id"]).first()
        if known is not None and not scoping.sees(request.user, known):
            raise Conflict("This identity is taken", fields={"ocppIdentifier": ["is taken"]})
        if known is None or "site" in checked:
            _needs_site(request, checked.get("site"))
        return _enrolled(enrolment.enrol(key=checked.pop("authorization_key", None), **checked))

    def retrieve(self, request: Request, cp_id: str) -> Response:
        """One station, by the identity it connects with."""
        return Response(self.get_serializer(selectors.station_in_full(cp_id)).data)

    @extend_schema(request=EnrolmentSerializer(partial=True), responses={200: EnrolmentSerializer})
    def update(self, request: Request, cp_id: str) -> Response:
        """Change a station; what is not named stays as it is."""
        station = selectors.station_named(cp_id)
        checked = _checked(request, station, partial=True)
        if "site" in checked:
            _needs_site(request, checked["site"])
        key = checked.pop("authorization_key", None)
        return _enrolled(enrolment.enrol(cp_id=station.cp_id, key=key, **checked))

    @extend_schema(request=EnrolmentSerializer(partial=True), responses={200: EnrolmentSerializer})
    def partial_update(self, request: Request, cp_id: str) -> Response:
        """The same as PUT."""
        return self.update(request, cp_id)

    def destroy(self, request: Request, cp_id: str) -> Response:
        """Remove a station that never charged; 409 for one that has sessions."""
        stations.delete(station=selectors.station_named(cp_id))
        return Response(status=204)


class ConnectedViews(GenericViewSet[ChargingStation]):
    """Who is connected."""

    model = ChargingStation
    serializer_class = ConnectedSerializer

    @extend_schema(operation_id="stations_connected_list", filters=False)
    def retrieve(self, request: Request) -> Response:
        """The identities of all stations that are online with an open socket."""
        rows = scoping.visible(request.user, selectors.connected())
        names = rows.order_by("cp_id").values_list("cp_id", flat=True)
        return Response({"connectedStations": list(names)})


class StationKeyViews(GenericViewSet[ChargingStation]):
    """The key a station presents when it connects (HTTP Basic, security profile 1)."""

    model = ChargingStation
    serializer_class = StationKeySerializer
    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE, "DELETE": _CHANGE}

    @extend_schema(request=None, responses={200: StationKeySerializer})
    def create(self, request: Request, cp_id: str) -> Response:
        """Make a new key. It is shown now and never again; the old one ends at once."""
        made = keys.set_key(station=selectors.station_named(cp_id))
        return Response({"authorizationKey": made})

    def destroy(self, request: Request, cp_id: str) -> Response:
        """Take the key away: the station connects without one, where the settings allow it."""
        keys.clear_key(station=selectors.station_named(cp_id))
        return Response(status=204)


class ConfigurationViews(GenericViewSet[ConfigurationKey]):
    """The settings of a station, as it last told us."""

    model = ConfigurationKey
    queryset = ConfigurationKey.objects.none()
    serializer_class = ConfigurationKeySerializer
    keyset = ("key",)

    def list(self, request: Request, cp_id: str) -> Response:
        """All we know; `get-configuration` asks the station anew."""
        page = self.paginate_queryset(selectors.station_named(cp_id).configuration.all())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _checked(request: Request, station: Any = None, **how: Any) -> dict[str, Any]:
    context = {"request": request}
    serializer = EnrolmentSerializer(station, data=request.data, context=context, **how)
    serializer.is_valid(raise_exception=True)
    checked: dict[str, Any] = serializer.validated_data
    return checked


def _needs_site(request: Request, site: Site | None) -> None:
    scoping.needs_site(request.user, site.pk if site else None, field="siteId")


def _enrolled(enrolled: enrolment.Enrolled) -> Response:
    station = selectors.station_in_full(enrolled.station.cp_id)
    answer = StationSerializer(station).data
    if enrolled.made_key is not None:
        answer["authorizationKey"] = enrolled.made_key
    return Response(answer, status=201 if enrolled.created else 200)
