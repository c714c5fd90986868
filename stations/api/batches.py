"""Batches over REST: /api/batches, what many stations were asked and what became of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django_filters import ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.api.idempotency import idempotency_key
from stations import selectors
from stations.api.commands import IDEMPOTENCY_KEY
from stations.api.sites import SiteField
from stations.api.station_json import station_meant
from stations.models import BatchItem, ChargingStation, CommandBatch, ItemState
from stations.services import batches, bulk

_MOST_NAMED = 1000


class BatchSerializer(CamelCaseModel):
    """The same asked of many stations."""

    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )
    queue = serializers.IntegerField(source="queue_s", read_only=True, allow_null=True)
    retry_of = serializers.IntegerField(
        source="retry_of_id", read_only=True, allow_null=True, help_text="The batch it repeats"
    )
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many commands are in which state"
    )

    class Meta:
        model = CommandBatch
        fields = (
            *("id", "title", "requested_by", "requested_at", "queue", "spare_busy", "retry_of"),
            *("finished_at", "counts"),
        )
        read_only_fields = fields


class OrderSerializer(CamelCase):
    """What to ask, and of which stations: named ones, those of a site, or all."""

    action = serializers.ChoiceField(list(bulk.ACTIONS))
    payload = serializers.DictField(
        required=False,
        default=dict,
        help_text="OCPP's payload; of UpdateFirmware: image (its id) or location, signed?, "
        "retrieveDate?",
    )
    stations = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=_MOST_NAMED
    )
    site_id = SiteField(required=False)
    all = serializers.BooleanField(
        required=False, help_text=f"true: every station, at most {bulk.MOST_STATIONS}"
    )
    spare_busy = serializers.BooleanField(
        default=False, help_text="Stations that charge when it is their turn are left alone"
    )
    queue = serializers.IntegerField(
        min_value=1,
        max_value=86400,
        required=False,
        help_text="Seconds a command may wait for a station that is away; else it is passed over",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the three ways to say which."""
        if sum(bool(attrs.get(name)) for name in ("stations", "site_id", "all")) != 1:
            message = "give one of stations, siteId and all"
            raise serializers.ValidationError({"stations": [message]})
        return attrs


class LeftOutSerializer(CamelCase):
    """A station that would not be asked."""

    station_identifier = serializers.CharField(source="station.cp_id")
    reason = serializers.CharField(source="left_out")


class BulkPlanSerializer(CamelCase):
    """What a bulk command would do."""

    stations = serializers.IntegerField()
    busy = serializers.IntegerField(help_text="Stations with sessions under way")
    away = serializers.IntegerField(help_text="Stations that are not connected")
    asked = serializers.IntegerField(help_text="Stations that would be asked now")
    left_out = LeftOutSerializer(many=True, help_text="Stations that would not be asked, and why")


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

    @extend_schema(
        request=OrderSerializer, responses={202: BatchSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def create(self, request: Request) -> Response:
        """Ask many stations for the same, so many at a time; the batch says how it goes.

        409 where none of them would be asked.
        """
        order, stations, queue_s = _meant(request)
        terms = batches.Terms(
            queue_s=queue_s,
            requested_by_id=request.user.pk,
            idempotency_key=idempotency_key(request),
        )
        batch = bulk.start(order=order, stations=stations, at=clock.now(), terms=terms)
        return Response(in_full(batch), status=202)

    @extend_schema(request=OrderSerializer, responses={200: BulkPlanSerializer})
    def preview(self, request: Request) -> Response:
        """What it would do; nothing is sent."""
        order, stations, _ = _meant(request)
        plan = bulk.plan(order=order, stations=stations)
        shown = {
            "stations": len(plan.lines),
            **{name: getattr(plan, name) for name in ("busy", "away", "asked")},
            "left_out": [line for line in plan.lines if line.left_out],
        }
        return Response(BulkPlanSerializer(shown).data)

    @extend_schema(request=None, responses={202: BatchSerializer}, parameters=[IDEMPOTENCY_KEY])
    def retry(self, request: Request, batch_id: str) -> Response:
        """Ask once more for what was refused, failed or passed over: a new batch, with `retryOf`.

        409 where nothing failed that was not asked for again before.
        """
        made = batches.retry(
            batch=selectors.batch(int(batch_id)),
            at=clock.now(),
            requested_by_id=request.user.pk,
            idempotency_key=idempotency_key(request),
        )
        return Response(in_full(selectors.batch(made.pk)), status=202)


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


def _meant(request: Request) -> tuple[bulk.Order, list[ChargingStation], int | None]:
    given = OrderSerializer(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    checked = given.validated_data
    order = bulk.Order(checked["action"], checked["payload"], checked["spare_busy"])
    rows = scoping.visible(request.user, ChargingStation.objects.order_by("cp_id"))
    if checked.get("stations"):
        named = {cp_id.upper() for cp_id in checked["stations"]}
        stations = [station_meant(request, cp_id, "stations") for cp_id in sorted(named)]
    else:
        site = checked.get("site_id")
        stations = list((rows.filter(site=site) if site else rows)[: bulk.MOST_STATIONS + 1])
    return order, stations, checked.get("queue")
