"""Batches over REST: /api/batches, what many stations were asked and what became of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django_filters import ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCaseModel, Filters
from stations import selectors
from stations.models import BatchItem, CommandBatch, ItemState
from stations.services import batches


class BatchSerializer(CamelCaseModel):
    """The same asked of many stations."""

    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )
    queue = serializers.IntegerField(source="queue_s", read_only=True, allow_null=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many commands are in which state"
    )

    class Meta:
        model = CommandBatch
        fields = ("id", "title", "requested_by", "requested_at", "queue", "finished_at", "counts")
        read_only_fields = fields


class BatchItemSerializer(CamelCaseModel):
    """One command of a batch."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    payload = serializers.DictField(read_only=True)
    command_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = BatchItem
        fields = (
            "id",
            "station_identifier",
            "action",
            "payload",
            "state",
            "detail",
            "command_id",
            "attempts",
        )
        read_only_fields = fields


class BatchItemFilters(Filters):
    """Which commands of a batch."""

    state = ChoiceFilter(choices=ItemState.choices)


class BatchViews(GenericViewSet[CommandBatch]):
    """What many stations were asked, newest first."""

    model = CommandBatch
    queryset = CommandBatch.objects.none()
    serializer_class = BatchSerializer
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    keyset = ("-id",)

    def list(self, request: Request) -> Response:
        """All batches, page by page."""
        rows = CommandBatch.objects.select_related("requested_by")
        page: list[Any] = self.paginate_queryset(rows) or []
        numbers = selectors.batch_counts(batch.pk for batch in page)
        for batch in page:
            batch.counts = numbers[batch.pk]
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, batch_id: str) -> Response:
        """One batch."""
        return Response(in_full(selectors.batch(int(batch_id))))

    @extend_schema(request=None, responses={202: BatchSerializer})
    def retry(self, request: Request, batch_id: str) -> Response:
        """Ask once more for what was refused, failed or passed over; 409 where nothing was."""
        batch = selectors.batch(int(batch_id))
        batches.retry(batch=batch, at=clock.now())
        return Response(in_full(selectors.batch(batch.pk)), status=202)


class BatchItemViews(GenericViewSet[BatchItem]):
    """The commands of a batch."""

    model = CommandBatch
    queryset = BatchItem.objects.none()
    serializer_class = BatchItemSerializer
    filterset_class = BatchItemFilters

    def list(self, request: Request, batch_id: str) -> Response:
        """Each with its result, page by page."""
        rows = selectors.batch(int(batch_id)).items.select_related("station")
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def in_full(batch: CommandBatch) -> Any:
    """``batch`` with its counts, as JSON shows it."""
    shown: Any = batch
    shown.counts = selectors.batch_counts([batch.pk])[batch.pk]
    return BatchSerializer(shown).data
