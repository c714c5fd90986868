"""Transfers over REST: /api/transfers, what stations uploaded and downloaded, and the files."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCaseModel, Filters
from cms.shared.downloads import saved
from cms.shared.errors import NotFound
from stations import selectors
from stations.api.errands import of_station
from stations.models import Purpose, Transfer, TransferState
from stations.services import media


class TransferSerializer(CamelCaseModel):
    """A one-time address for a file, and what came of it. Its token is never shown."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    direction = serializers.ChoiceField(["Upload", "Download"], read_only=True)
    image_id = serializers.IntegerField(read_only=True, allow_null=True)
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = Transfer
        fields = (
            "id",
            "station_identifier",
            "purpose",
            "direction",
            "state",
            "created_at",
            "expires_at",
            "attempts",
            "attempted_at",
            "completed_at",
            "transferred_bytes",
            "limit_bytes",
            "file_name",
            "sha256",
            "image_id",
            "file_url",
        )
        read_only_fields = fields

    def get_file_url(self, transfer: Transfer) -> str | None:
        """Where operators download what was uploaded; null where there is no file."""
        return reverse("transfer-file", args=(transfer.pk,)) if transfer.file else None


class TransferFilters(Filters):
    """Which transfers."""

    station = CharFilter(method="at_station", label="The station's identity")
    state = ChoiceFilter(choices=TransferState.choices)
    purpose = ChoiceFilter(choices=Purpose.choices)

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class TransferViews(GenericViewSet[Transfer]):
    """Files of stations, newest first."""

    model = Transfer
    queryset = Transfer.objects.none()
    serializer_class = TransferSerializer
    filterset_class = TransferFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def list(self, request: Request) -> Response:
        """All transfers, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.transfers()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, transfer_id: str) -> Response:
        """One transfer."""
        return Response(self.get_serializer(selectors.transfer(int(transfer_id))).data)


class TransferFileViews(GenericViewSet[Transfer]):
    """The file a station uploaded."""

    model = Transfer
    queryset = Transfer.objects.none()

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="transfers_file",
    )
    def retrieve(self, request: Request, transfer_id: str) -> FileResponse:
        """Download it; 404 where nothing was uploaded, or not any more."""
        transfer = selectors.transfer(int(transfer_id))
        if not transfer.file:
            raise NotFound("There is no file")
        return saved(media.path(transfer.file), transfer.file_name)
