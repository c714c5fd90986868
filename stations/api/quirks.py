"""What is known of models and how often it was needed, over REST: /api/quirks, and the tallies."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, ModelChoiceFilter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel, Filters, Moment, YesNo
from stations import selectors
from stations.api.station_json import station_meant
from stations.models import KNOBS, Quirk, QuirkTally


class QuirkSerializer(CamelCaseModel):
    """What the models that match need, or get wrong. `*` in a pattern stands for any text."""

    name = serializers.CharField(read_only=True, help_text=f"One of {', '.join(KNOBS)}")
    about = serializers.SerializerMethodField(help_text="What the name is for")
    value = serializers.JSONField(
        read_only=True, help_text="A number, a text, true or false, or a list of texts"
    )
    seeded = serializers.BooleanField(read_only=True, help_text="It came with the system")
    times = serializers.IntegerField(read_only=True, help_text="How often it made a difference")
    stations = serializers.IntegerField(
        source="at_stations", read_only=True, help_text="At how many stations"
    )
    last_seen_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Quirk
        fields = (
            *("id", "name", "about", "value", "vendor", "model", "firmware", "enabled", "seeded"),
            *("note", "times", "stations", "last_seen_at", "created_at", "updated_at"),
        )
        read_only_fields = fields

    def get_about(self, quirk: Quirk) -> str:
        """In words."""
        return KNOBS[quirk.name].help


class QuirkTallySerializer(CamelCaseModel):
    """How often something was tolerated of a station."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    about = serializers.CharField(source="words", read_only=True, help_text="What was tolerated")
    vendor = serializers.CharField(source="station.vendor", read_only=True)
    model = serializers.CharField(source="station.model", read_only=True)
    firmware = serializers.CharField(source="station.firmware_version", read_only=True)
    quirk_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="null: tolerated of every model"
    )
    detail = serializers.CharField(read_only=True, help_text="The last one of them")

    class Meta:
        model = QuirkTally
        fields = (
            *("id", "station_identifier", "vendor", "model", "firmware", "kind", "about"),
            *("quirk_id", "times", "detail", "first_seen_at", "last_seen_at"),
        )
        read_only_fields = fields


class QuirkFilters(Filters):
    """Which quirks."""

    name = CharFilter(label="What it is about")
    enabled = YesNo()
    vendor = CharFilter(lookup_expr="istartswith", label="The pattern begins with it")


class QuirkTallyFilters(Filters):
    """Which tallies."""

    station = CharFilter(method="of_station", label="The station's identity")
    kind = CharFilter(label="What was tolerated")
    quirk_id = ModelChoiceFilter(field_name="quirk", queryset=Quirk.objects.all())
    seen_after = Moment(field_name="last_seen_at", lookup_expr="gte")

    def of_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return rows.filter(station=station_meant(self.request, value, "station"))


class QuirkViews(GenericViewSet[Quirk]):
    """What is known of models."""

    model = Quirk
    queryset = Quirk.objects.none()
    serializer_class = QuirkSerializer
    filterset_class = QuirkFilters

    def list(self, request: Request) -> Response:
        """All quirks, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.quirks()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, quirk_id: str) -> Response:
        """One quirk."""
        return Response(self.get_serializer(selectors.quirk(int(quirk_id))).data)


class QuirkTallyViews(GenericViewSet[QuirkTally]):
    """What was tolerated of which station: quirks, and what is tolerated of every model."""

    model = QuirkTally
    queryset = QuirkTally.objects.none()
    serializer_class = QuirkTallySerializer
    filterset_class = QuirkTallyFilters
    keyset = ("-last_seen_at", "-id")

    def list(self, request: Request) -> Response:
        """All tallies, the latest first."""
        page = self.paginate_queryset(self.filter_queryset(selectors.quirk_tallies()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
