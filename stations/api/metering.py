"""Meter values over REST: as part of a session, and page by page."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel
from stations import selectors
from stations.models import MeterValue


class MeterValueSerializer(CamelCaseModel):
    """What a meter showed at one moment, normalised, and the text it came as."""

    timestamp = serializers.DateTimeField(source="sampled_at", read_only=True)
    meter_value = serializers.IntegerField(
        source="energy_wh", read_only=True, allow_null=True, help_text="The energy register, in Wh"
    )
    raw_json = serializers.CharField(
        source="raw", read_only=True, help_text="The sampledValue list as the station sent it"
    )

    class Meta:
        model = MeterValue
        fields = (
            "id",
            "timestamp",
            "received_at",
            "context",
            "meter_value",
            "power_w",
            "current_a",
            "voltage_v",
            "soc_percent",
            "raw_json",
        )
        read_only_fields = fields


class MeterValueViews(GenericViewSet[MeterValue]):
    """All meter values of a session."""

    model = MeterValue
    queryset = MeterValue.objects.none()
    serializer_class = MeterValueSerializer
    keyset = ("sampled_at", "id")

    def get_queryset(self) -> QuerySet[MeterValue]:
        """Those of the session in the path; 404 where there is no such session."""
        session = selectors.session(int(self.kwargs["transaction_id"]))
        return MeterValue.objects.filter(session=session)

    def list(self, request: Request, transaction_id: str) -> Response:
        """In the order in which they were measured, page by page."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
