"""Closed billing periods over REST: listed, looked at, and closed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.models import BillingPeriod
from billing.reports.scope import Scope, of_days
from billing.services import periods
from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel
from cms.shared.api.idempotency import HEADER, LONGEST_KEY, needed_key
from cms.shared.api.names import camel
from cms.shared.errors import NotFound

_MOST = 2**31 - 1
_KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="A word of yours for this closing: repeated with the same word, the period that"
    f" was closed first is given. At most {LONGEST_KEY} characters",
)


class BillingPeriodSerializer(CamelCaseModel):
    """A time nothing is billed into any more. ``until`` is not included."""

    closed_by = serializers.CharField(
        source="closed_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = BillingPeriod
        fields: ClassVar[tuple[str, ...]] = (
            *("number", "since", "until", "zone", "closed_at", "closed_by", "note"),
            *("previous_hash", "hash"),
        )
        read_only_fields = fields


class WholeBillingPeriodSerializer(BillingPeriodSerializer):
    """The same with its figures, as they were frozen (docs/periods.md)."""

    snapshot = serializers.SerializerMethodField()

    class Meta(BillingPeriodSerializer.Meta):
        fields = (*BillingPeriodSerializer.Meta.fields, "snapshot")
        read_only_fields = fields

    @extend_schema_field(serializers.DictField())
    def get_snapshot(self, period: BillingPeriod) -> Any:
        """With names as everywhere in this API; the hash is over snake_case."""
        return _camel(period.snapshot)


class ClosePeriodRequest(CamelCase):
    """A month, or the days from ``since`` to ``until``; the period must follow the last one."""

    month = serializers.RegexField(
        r"^[0-9]{4}-(0[1-9]|1[0-2])$", required=False, help_text="Such as 2026-10"
    )
    since = serializers.DateField(required=False, help_text="Its first day")
    until = serializers.DateField(required=False, help_text="Its last day")
    zone = serializers.CharField(
        required=False, max_length=50, help_text="By whose clocks; default: the system's TIME_ZONE"
    )
    leave_open = serializers.CharField(
        required=False,
        max_length=500,
        allow_blank=True,
        help_text="Why sessions without a bill are left to the next period",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The time that is meant, as ``scope``."""
        given = {name for name in ("month", "since", "until") if name in attrs}
        if given not in ({"month"}, {"since", "until"}):
            raise serializers.ValidationError({"month": ["name a month, or since and until"]})
        zone = attrs.get("zone", settings.TIME_ZONE)
        return {"scope": _scope(attrs, zone), "leave_open": attrs.get("leave_open", "")}


class PeriodViews(GenericViewSet[BillingPeriod]):
    """Closed billing periods."""

    model = BillingPeriod
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.close_period"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = BillingPeriod.objects.select_related("closed_by")
    serializer_class: Any = BillingPeriodSerializer
    keyset = ("-number",)

    def list(self, request: Request) -> Response:
        """Closed periods, newest first, page by page."""
        page = self.paginate_queryset(self.get_queryset().defer("snapshot"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses=WholeBillingPeriodSerializer)
    def retrieve(self, request: Request, number: int) -> Response:
        """One period with its figures."""
        rows = self.get_queryset()
        period = rows.filter(number=number).first() if int(number) <= _MOST else None
        if period is None:
            raise NotFound("There is no closed period %(number)s", number=number)
        return Response(WholeBillingPeriodSerializer(period).data)

    @extend_schema(
        request=ClosePeriodRequest, parameters=[_KEY], responses={201: WholeBillingPeriodSerializer}
    )
    def create(self, request: Request) -> Response:
        """Close a month, or some days, for ever.

        409 where it is not over, does not follow the last closed one, has sessions without a bill
        (say why in ``leaveOpen``), or where the ledger does not say what the bills say.
        """
        wanted = ClosePeriodRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        period = periods.close(
            **wanted.validated_data,
            key=f"period/{needed_key(request)}",
            at=clock.now(),
            by_id=request.user.pk,
        )
        return Response(WholeBillingPeriodSerializer(period).data, status=201)


def _scope(attrs: dict[str, Any], zone: str) -> Scope:
    if "month" in attrs:
        year, month = attrs["month"].split("-")
        return periods.month(int(year), int(month), zone)
    try:
        return of_days(attrs["since"], attrs["until"], zone)
    except (ValueError, OverflowError) as wrong:
        raise serializers.ValidationError({"until": [str(wrong)]}) from None


def _camel(node: Any) -> Any:
    if isinstance(node, dict):
        return {camel(name): _camel(value) for name, value in node.items()}
    return [_camel(each) for each in node] if isinstance(node, list) else node
