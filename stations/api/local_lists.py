"""Local lists over REST: what a station should hold, what it acknowledged, and where a card is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from rfid.models import CardGroup
from stations import selectors
from stations.models import ListPolicy, ListState, LocalList
from stations.services import list_contents, local_lists

_MOST_ENTRIES = 1000


class LocalListSerializer(CamelCaseModel):
    """The local list of a station. ``groupIds`` count with the policy Groups."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    policy = serializers.ChoiceField(ListPolicy.choices)
    group_ids = serializers.PrimaryKeyRelatedField(
        source="groups", queryset=CardGroup.objects.all(), many=True, required=False
    )
    in_step = serializers.BooleanField(
        read_only=True, help_text="Whether it has acknowledged all that it should hold"
    )
    size = serializers.SerializerMethodField(help_text="Entries it has acknowledged")
    wanted = serializers.SerializerMethodField(help_text="Entries it should hold")
    left_out = serializers.SerializerMethodField(help_text="Cards there is no room for")

    class Meta:
        model = LocalList
        fields = (
            "station_identifier",
            "policy",
            "group_ids",
            "state",
            "version",
            "in_step",
            "size",
            "wanted",
            "left_out",
            "acknowledged_at",
            "error",
        )
        read_only_fields = ("state", "version", "acknowledged_at", "error")

    def get_size(self, row: LocalList) -> int | None:
        """How many; null where nobody knows."""
        return row.content.size if row.content else None

    def get_wanted(self, row: LocalList) -> int | None:
        """How many; null where the policy is Off."""
        return row.target.content.size if row.target else None

    def get_left_out(self, row: LocalList) -> int:
        """How many."""
        return row.target.left_out if row.target else 0


class EntrySerializer(CamelCase):
    """A card in a list."""

    id_tag = serializers.CharField()
    status = serializers.CharField()
    expiry_date = serializers.CharField(source="expiry", help_text="Empty: none")
    parent_id_tag = serializers.CharField(help_text="Empty: none")


class LocalListFilters(Filters):
    """Which lists."""

    policy = ChoiceFilter(choices=ListPolicy.choices)
    state = ChoiceFilter(choices=ListState.choices)
    tag_id = CharFilter(method="with_tag", label="Lists acknowledged with this card in it")

    def with_tag(self, rows: QuerySet[LocalList], name: str, value: str) -> QuerySet[LocalList]:
        """Those that hold this card."""
        return rows.filter(content__in=local_lists.contents_with(value))


class LocalListsViews(GenericViewSet[LocalList]):
    """The local lists of all stations that have one."""

    model = LocalList
    queryset = LocalList.objects.none()
    serializer_class = LocalListSerializer
    filterset_class = LocalListFilters

    def list(self, request: Request) -> Response:
        """All of them, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.local_lists()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class LocalListViews(GenericViewSet[LocalList]):
    """The local list of one station."""

    model = LocalList
    serializer_class = LocalListSerializer
    permissions: ClassVar[dict[str, str]] = {"PUT": "stations.change_locallist"}

    def get_object(self) -> LocalList:
        """The one of the station in the path."""
        return selectors.local_list(self.kwargs["cp_id"])

    @extend_schema(filters=False)
    def retrieve(self, request: Request, cp_id: str) -> Response:
        """What it should hold, and what it acknowledged."""
        return Response(self.get_serializer(self.get_object()).data)

    def update(self, request: Request, cp_id: str) -> Response:
        """Say which cards it shall hold: Off, All, Groups (groupIds), or Site (its groups)."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        local_lists.choose(
            station=selectors.station_named(cp_id),
            policy=given.validated_data["policy"],
            groups=given.validated_data.get("groups", []),
            at=clock.now(),
        )
        return self.retrieve(request, cp_id)


class EntryViews(GenericViewSet[LocalList]):
    """What stands in a station's list."""

    model = LocalList
    serializer_class = EntrySerializer
    pagination_class = None

    @extend_schema(
        filters=False,
        operation_id="stations_local_list_entries",
        responses=EntrySerializer(many=True),
        parameters=[
            OpenApiParameter("after", str, description="The last idTag of the page before")
        ],
    )
    def list(self, request: Request, cp_id: str) -> Response:
        """As the station acknowledged it, by idTag, at most 1,000 at a time."""
        row = selectors.local_list(cp_id)
        after = request.query_params.get("after", "").upper()
        entries = list_contents.load(row.content)
        tags = sorted(tag for tag in entries if tag > after)[:_MOST_ENTRIES]
        shown: list[Any] = [entries[tag]._asdict() for tag in tags]
        return Response(EntrySerializer(shown, many=True).data)
