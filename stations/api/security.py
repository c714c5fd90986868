"""Security events over REST: /api/security-events."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import BooleanFilter, CharFilter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel, Filters, Moment
from stations import selectors
from stations.api.errands import of_station
from stations.models import SecurityEvent


class SecurityEventSerializer(CamelCaseModel):
    """Something about its security a station told of."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    happened_at = serializers.DateTimeField(
        read_only=True, help_text="By the station's clock, which may be wrong"
    )

    class Meta:
        model = SecurityEvent
        fields = (
            "id",
            "station_identifier",
            "type",
            "critical",
            "tech_info",
            "happened_at",
            "received_at",
            "times_seen",
        )
        read_only_fields = fields


class SecurityEventFilters(Filters):
    """Which events."""

    station = CharFilter(method="at_station", label="The station's identity")
    type = CharFilter(lookup_expr="iexact", label="Letter case does not count")
    critical = BooleanFilter(label="Whether the whitepaper calls it critical")
    received_after = Moment(field_name="received_at", lookup_expr="gte")

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class SecurityEventViews(GenericViewSet[SecurityEvent]):
    """What stations told of their security, newest first."""

    model = SecurityEvent
    queryset = SecurityEvent.objects.none()
    serializer_class = SecurityEventSerializer
    filterset_class = SecurityEventFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def list(self, request: Request) -> Response:
        """All events, page by page; critical ones also stand in the review queue."""
        page = self.paginate_queryset(self.filter_queryset(selectors.security_events()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
