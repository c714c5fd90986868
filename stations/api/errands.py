"""Errands over REST: requests for logs at /api/logs, and what all errands show of themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel, Filters
from stations import selectors
from stations.api.station_json import station_meant
from stations.models import ErrandReport, FirmwareUpdate, LogKind, LogRequest, Outcome

_MOST_REPORTS = 100
ERRAND_FIELDS = (
    "id",
    "station_identifier",
    "status",
    "status_at",
    "outcome",
    "reason",
    "location",
    "request_id",
    "retries",
    "retry_interval_s",
    "requested_at",
    "requested_by",
    "expires_at",
    "ended_at",
    "command_id",
    "transfer_id",
    "history",
)


class ReportSerializer(CamelCaseModel):
    """One status the station reported, in its own word."""

    class Meta:
        model = ErrandReport
        fields = ("status", "request_id", "received_at")
        read_only_fields = fields


class ErrandSerializer(CamelCaseModel):
    """What a station was sent off to do, and how far it is."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    status = serializers.CharField(
        read_only=True, help_text="The station's last word; Requested, NoAnswer, Error are ours"
    )
    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )
    command_id = serializers.IntegerField(read_only=True, allow_null=True)
    transfer_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Null: the location is not ours"
    )
    history = serializers.SerializerMethodField()

    @extend_schema_field(ReportSerializer(many=True))
    def get_history(self, errand: FirmwareUpdate | LogRequest) -> Any:
        """What the station reported, newest first."""
        return ReportSerializer(list(errand.reports.all())[:_MOST_REPORTS], many=True).data


class LogRequestSerializer(ErrandSerializer):
    """A station asked for its diagnostics or a log, and the file it brought."""

    file_url = serializers.SerializerMethodField()

    class Meta:
        model = LogRequest
        fields = (*ERRAND_FIELDS, "kind", "oldest_at", "latest_at", "file_name", "file_url")
        read_only_fields = fields

    def get_file_url(self, request: LogRequest) -> str | None:
        """Where operators download the file; null while there is none."""
        transfer = request.transfer
        has_file = transfer is not None and transfer.file
        return reverse("transfer-file", args=(request.transfer_id,)) if has_file else None


class LogRequestFilters(Filters):
    """Which requests."""

    station = CharFilter(method="at_station", label="The station's identity")
    outcome = ChoiceFilter(choices=Outcome.choices)
    kind = ChoiceFilter(choices=LogKind.choices)

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """At this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class LogRequestViews(GenericViewSet[LogRequest]):
    """Diagnostics and logs stations were asked for, newest first."""

    model = LogRequest
    queryset = LogRequest.objects.none()
    serializer_class = LogRequestSerializer
    filterset_class = LogRequestFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def list(self, request: Request) -> Response:
        """All requests, page by page; `get-diagnostics` and `get-log` make one."""
        page = self.paginate_queryset(self.filter_queryset(selectors.log_requests()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, request_id: str) -> Response:
        """One request."""
        return Response(self.get_serializer(selectors.log_request(int(request_id))).data)


def of_station(request: Any, rows: QuerySet[Any], cp_id: str) -> QuerySet[Any]:
    """Those of one station; one the caller cannot see is a 400."""
    return rows.filter(station=station_meant(request, cp_id, "station"))
