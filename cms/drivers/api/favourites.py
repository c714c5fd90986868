"""Sites and stations one marked: /api/me/favourites."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.drivers.api.own import Own, my_id
from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel
from cms.shared.errors import NotFound
from stations.api.station_json import station_meant
from stations.models import Favourite, Site
from stations.services import favourites

_SITE = {
    **{"id": 3, "siteId": 5, "ocppIdentifier": None, "name": "Harbour"},
    **{"address": "Pier 1, 20457 Hamburg", "markedAt": "2026-01-15T10:30:00Z"},
}


class FavouriteSerializer(CamelCaseModel):
    """A site, or one station; the other one is null."""

    site_id = serializers.IntegerField(read_only=True, allow_null=True)
    ocpp_identifier = serializers.CharField(
        source="station.cp_id", read_only=True, allow_null=True, default=None
    )
    name = serializers.SerializerMethodField(help_text="Of the site, or of where the station is")
    address = serializers.SerializerMethodField()

    class Meta:
        model = Favourite
        fields = ("id", "site_id", "ocpp_identifier", "name", "address", "marked_at")
        read_only_fields = fields

    def get_name(self, row: Favourite) -> str:
        """Empty for a station that stands nowhere."""
        site = _site(row)
        return site.name if site else ""

    def get_address(self, row: Favourite) -> str:
        """Street, postal code and city, as far as they are known."""
        site = _site(row)
        return site.one_line if site else ""


class FavouriteRequest(CamelCase):
    """One of the two."""

    site_id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    ocpp_identifier = serializers.CharField(required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one is named."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                {"siteId": ["should be given, or ocppIdentifier, and not both"]}
            )
        return attrs


class FavouriteViews(Own, GenericViewSet[Favourite]):
    """What one marked, newest first."""

    queryset = Favourite.objects.none()
    serializer_class = FavouriteSerializer
    keyset = ("-id",)

    @extend_schema(
        operation_id="me_favourites_list",
        examples=[OpenApiExample("A site", value=_SITE, response_only=True)],
    )
    def list(self, request: Request) -> Response:
        """Your favourites, page by page."""
        page = self.paginate_queryset(_own(request).select_related("site", "station__site"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=FavouriteRequest,
        responses={201: FavouriteSerializer},
        operation_id="me_favourites_mark",
        examples=[
            OpenApiExample("A site", value={"siteId": 5}, request_only=True),
            OpenApiExample("A station", value={"ocppIdentifier": "CP-1"}, request_only=True),
            OpenApiExample("Marked", value=_SITE, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        """Mark a site or a station; what is marked already stays as it is."""
        said = FavouriteRequest(data=request.data)
        said.is_valid(raise_exception=True)
        named = said.validated_data
        wanted: dict[str, Any] = (
            {"site": _meant(request, named["site_id"])}
            if "site_id" in named
            else {"station": station_meant(request, named["ocpp_identifier"], "ocppIdentifier")}
        )
        row = favourites.mark(user_id=my_id(request), at=clock.now(), **wanted)
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(operation_id="me_favourites_forget")
    def destroy(self, request: Request, favourite_id: str) -> Response:
        """Forget one."""
        row = _own(request).filter(pk=int(favourite_id)).first()
        if row is None:
            raise NotFound("Favourite not found")
        favourites.forget(favourite=row)
        return Response(status=204)


def _own(request: Request) -> Any:
    return Favourite.objects.filter(user=my_id(request))


def _site(row: Favourite) -> Site | None:
    return row.site or (row.station.site if row.station else None)


def _meant(request: Request, site_id: int) -> Site:
    site = scoping.visible(request.user, Site.objects.filter(pk=site_id)).first()
    if site is None:
        raise serializers.ValidationError({"siteId": [f"there is no site {site_id}"]})
    return site
