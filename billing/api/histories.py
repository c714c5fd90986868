"""A driver's charging history over REST: /api/charging-history, sorted and narrowed."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django_filters import CharFilter, ChoiceFilter, NumberFilter
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.api.customers import REFUSALS, WalletAccess, customer
from billing.models import SessionBill
from billing.services import histories
from billing.services.histories import State
from cms.shared import clock, money
from cms.shared.api import CamelCaseModel, Filters, Kilo, Moment
from stations.models import ChargingSession, Site

_SORTS = {"start": "began_at", "energy": "energy_wh", "cost": "cost", "site": "site_name"}
_NAMES = [sign + name for name in _SORTS for sign in ("-", "")]
_MOST = Decimal(10**9)  # kWh, or an amount: more than any session has
SORT = OpenApiParameter(
    "sort", str, enum=_NAMES, description="`-` for the largest or newest first; default: -start"
)
_WHOSE = OpenApiParameter(
    "customerId", str, description="Number or name of a user; default: yourself"
)


class HistorySerializer(CamelCaseModel):
    """A session and what it cost; of one under way, what it costs by now."""

    session_id = serializers.IntegerField(source="transaction_id", read_only=True)
    state = serializers.ChoiceField(State.choices, read_only=True)
    site_id = serializers.IntegerField(source="site_number", read_only=True, allow_null=True)
    site_name = serializers.CharField(read_only=True)
    site_address = serializers.SerializerMethodField()
    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    connector_id = serializers.IntegerField(
        source="connector.connector_id", read_only=True, allow_null=True
    )
    connector_type = serializers.CharField(
        source="connector.connector_type", read_only=True, default=""
    )
    energy_kwh = Kilo(source="energy_wh")
    cost = serializers.SerializerMethodField(help_text="With tax; null where there is no price")
    currency = serializers.SerializerMethodField()
    is_final = serializers.SerializerMethodField(help_text="It is billed")
    bill_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = ChargingSession
        fields = (
            *("session_id", "state", "started_at", "stopped_at"),
            *("site_id", "site_name", "site_address", "station_identifier"),
            *("connector_id", "connector_type", "energy_kwh"),
            *("cost", "currency", "is_final", "bill_id"),
        )
        read_only_fields = fields

    def get_site_address(self, row: Any) -> str:
        """Street, postal code and city, as far as they are known."""
        return histories.site_address(row)

    @extend_schema_field({"type": "string", "nullable": True})
    def get_cost(self, row: Any) -> str | None:
        """As text, with the decimals of its currency."""
        price = histories.price(row)
        return f"{money.rounded(price.gross, price.currency):f}" if price else None

    @extend_schema_field({"type": "string", "nullable": True})
    def get_currency(self, row: Any) -> str | None:
        """ISO 4217."""
        price = histories.price(row)
        return str(price.currency) if price else None

    def get_is_final(self, row: Any) -> bool:
        """Whether the cost is that of a bill."""
        return row.bill is not None


class HistoryFilters(Filters):
    """Which sessions; amounts and costs are those of bills, whatever their currency."""

    also: ClassVar[frozenset[str]] = Filters.also | {"customerId", "sort"}

    site_id = NumberFilter(field_name="site_number", max_value=2**63 - 1, min_value=0)
    site_address = CharFilter(method="at_address", label="Part of its name, address or city")
    started_after = Moment(field_name="began_at", lookup_expr="gte")
    started_before = Moment(field_name="began_at", lookup_expr="lt")
    connector_type = CharFilter(field_name="connector__connector_type", lookup_expr="iexact")
    energy_from = NumberFilter(method="at_least", max_value=_MOST, label="kWh")
    energy_to = NumberFilter(method="at_most", max_value=_MOST, label="kWh")
    cost_from = NumberFilter(field_name="cost", lookup_expr="gte", max_value=_MOST)
    cost_to = NumberFilter(field_name="cost", lookup_expr="lte", max_value=_MOST)
    state = ChoiceFilter(choices=State.choices)

    def at_address(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Where a site's name, address, postal code or city contains it; case does not count."""
        fields = ("name", "address", "postal_code", "city")
        where = Q()
        for field in fields:
            where |= Q(**{f"{field}__icontains": value})
        return rows.filter(site_number__in=Site.objects.filter(where).values("pk"))

    def at_least(self, rows: QuerySet[Any], name: str, value: Decimal) -> QuerySet[Any]:
        """With so many kWh or more."""
        return rows.filter(energy_wh__gte=math.ceil(value * 1000))

    def at_most(self, rows: QuerySet[Any], name: str, value: Decimal) -> QuerySet[Any]:
        """With so many kWh or less."""
        return rows.filter(energy_wh__lte=math.floor(value * 1000))


class HistoryPages(GenericViewSet[ChargingSession]):
    """What somebody charged, page by page."""

    queryset = ChargingSession.objects.none()
    serializer_class: Any = HistorySerializer
    filterset_class: Any = HistoryFilters

    def page_of(self, request: Request, user_id: int) -> Response:
        """A page of the sessions of this user. Raises ValidationError (400)."""
        self.keyset = _keyset(request.query_params.get("sort") or "-start")
        rows = self.filter_queryset(histories.of_driver(user_id))
        page = self.paginate_queryset(rows) or []
        histories.with_costs(page, at=clock.now())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class HistoryViews(HistoryPages):
    """What a driver charged."""

    model = SessionBill
    permission_classes = (WalletAccess,)
    refusals = REFUSALS

    @extend_schema(parameters=[_WHOSE, SORT], operation_id="charging_history_list")
    def list(self, request: Request) -> Response:
        """Your own sessions, or with a scope or permission those of another customer, page by page.

        Sessions under way come with what they cost by now (the first 20 of a page). Filters and
        sorting by cost know bills only: what is not billed counts as zero there.
        """
        named = request.query_params.get("customerId")
        whose: Any = request.user if named is None else customer(named)
        return self.page_of(request, whose.pk)


def _keyset(sort: str) -> tuple[str, str]:
    column = _SORTS.get(sort.removeprefix("-"))
    if column is None or sort not in _NAMES:
        raise ValidationError({"sort": [f"should be one of {', '.join(_NAMES)}"]})
    sign = "-" if sort.startswith("-") else ""
    return sign + column, f"{sign}transaction_id"
