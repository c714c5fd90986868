"""Exports over REST: /api/reports/billing/exports, files of reports made in the background."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import FileResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.api.reports import PERMISSION, ReportAccess
from billing.models import ExportState, ReportExport
from billing.reports import asked, periods
from billing.services import report_exports, report_files
from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel
from cms.shared.downloads import saved
from cms.shared.errors import Conflict, NotFound
from stations.services import media

_LONGEST = 100


class ExportSerializer(CamelCaseModel):
    """A file somebody asked for, and how far it is."""

    state = serializers.ChoiceField(ExportState.choices, read_only=True)
    file_url = serializers.SerializerMethodField(help_text="Where it is; null as long as it is not")

    class Meta:
        model = ReportExport
        fields = (
            "id",
            "format",
            "parameters",
            "state",
            "created_at",
            "finished_at",
            "expires_at",
            "rows_done",
            "rows_total",
            "file_name",
            "size_bytes",
            "sha256",
            "error",
            "file_url",
        )
        read_only_fields = fields

    def get_file_url(self, export: ReportExport) -> str | None:
        """Where to download it."""
        is_there = export.state == ExportState.READY
        return reverse("billing-export-file", args=(export.pk,)) if is_there else None


class ExportRequest(CamelCase):
    """What kind of file, and of what: the parameters of the report."""

    format = serializers.ChoiceField(report_files.KINDS)
    period = serializers.ChoiceField([*periods.NAMES, asked.CUSTOM], required=False)
    since = serializers.CharField(required=False, max_length=_LONGEST)
    until = serializers.CharField(required=False, max_length=_LONGEST)
    zone = serializers.CharField(required=False, max_length=_LONGEST)
    group_by = serializers.ChoiceField(list(asked.GROUP_NAMES), required=False)
    sort = serializers.CharField(required=False, max_length=_LONGEST)
    currency = serializers.CharField(required=False, max_length=3)
    site_id = serializers.IntegerField(required=False, min_value=1)
    owner_id = serializers.IntegerField(required=False, min_value=1)
    station_id = serializers.IntegerField(required=False, min_value=1)
    driver_id = serializers.IntegerField(required=False, min_value=1)
    card_group_id = serializers.IntegerField(required=False, min_value=1)
    tariff_id = serializers.IntegerField(required=False, min_value=1)


class ExportAccess(ReportAccess):
    """Reading also for who asked for it; which of them, the view decides."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        view.sees_all = super().has_permission(request, view)
        is_key = getattr(request.auth, "scopes", None) is not None
        return view.sees_all or (
            request.user.is_authenticated and not is_key and request.method in ("GET", "HEAD")
        )


class ExportViews(GenericViewSet[ReportExport]):
    """Files of reports: one's own, or with the permission everybody's."""

    model = ReportExport
    permission_classes = (ExportAccess,)
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("GET", "HEAD", "OPTIONS", "POST"), PERMISSION
    )
    queryset = ReportExport.objects.none()
    serializer_class = ExportSerializer
    keyset = ("-id",)
    refusals: ClassVar[dict[str, str]] = {"409": "Not ready yet; or too many are under way"}
    sees_all = False

    @extend_schema(operation_id="billing_exports_list")
    def list(self, request: Request) -> Response:
        """What one asked for, newest first, page by page."""
        page = self.paginate_queryset(ReportExport.objects.filter(by=request.user.pk))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="billing_exports_retrieve")
    def retrieve(self, request: Request, export_id: str) -> Response:
        """One of them, and how far it is."""
        return Response(self.get_serializer(self._found(request, export_id)).data)

    @extend_schema(
        request=ExportRequest,
        responses={202: ExportSerializer},
        operation_id="billing_exports_create",
    )
    def create(self, request: Request) -> Response:
        """Ask for a file. The same once more, while that is under way, is the same export."""
        fields = ExportRequest(data=request.data)
        fields.is_valid(raise_exception=True)
        # By their names in JSON, which are those of the report's parameters.
        given = {name: str(value) for name, value in fields.data.items() if name != "format"}
        at = clock.now()
        export = report_exports.request(
            wanted=asked.read(given, at=at, within=scoping.limit_of(request.user)),
            kind=fields.validated_data["format"],
            asker=request.user,
            at=at,
        )
        where = reverse("billing-export", args=(export.pk,))
        return Response(self.get_serializer(export).data, 202, headers={"Location": where})

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="billing_exports_file",
    )
    def file(self, request: Request, export_id: str) -> FileResponse:
        """Download it; 409 as long as it is not ready, 404 where it is not there any more."""
        export = self._found(request, export_id)
        if export.is_under_way:
            raise Conflict("It is not ready yet")
        if not export.file:
            raise NotFound("There is no file")
        return saved(media.path(export.file), export.file_name)

    def _found(self, request: Request, export_id: str) -> ReportExport:
        rows = ReportExport.objects.filter(pk=int(export_id))
        found = (rows if self.sees_all else rows.filter(by=request.user.pk)).first()
        if found is None:
            raise NotFound("There is no export %(export_id)s", export_id=export_id)
        return found
