"""One's own sessions over REST: /api/me/sessions, what was charged and what is under way."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.histories import SORT, HistoryFilters, HistoryPages, HistorySerializer
from billing.services import histories
from cms.drivers import standing
from cms.drivers.api.own import Own, my_id
from cms.shared import clock
from cms.shared.api import CamelCase, Filters, Kilo, YesNo
from cms.shared.errors import NotFound
from stations.models import SessionStatus

_ENDED: dict[str, Any] = {
    **{"sessionId": 4711, "state": "Billed", "startedAt": "2026-01-15T10:30:00Z"},
    **{"stoppedAt": "2026-01-15T11:10:00Z", "siteId": 5, "siteName": "Harbour"},
    **{"siteAddress": "Pier 1, 20457 Hamburg", "stationIdentifier": "CP-1", "connectorId": 1},
    **{"connectorType": "CCS2", "energyKwh": 18.4, "cost": "7.36", "currency": "EUR"},
    **{"isFinal": True, "billId": 88},
}
_LIVE: dict[str, Any] = {
    **{"connectorStatus": "Charging", "powerKw": 48.2, "voltage": 402.0, "current": 120.0},
    **{"stateOfCharge": 64.0, "meterKwh": 1204.5, "readAt": "2026-01-15T10:50:00Z"},
}
_UNDER_WAY = {
    **_ENDED,
    **{"state": "Charging", "stoppedAt": None, "isFinal": False, "billId": None, "live": _LIVE},
}


class LiveSerializer(CamelCase):
    """The last reading, as the socket tells of it; null is what the meter did not say."""

    connector_status = serializers.CharField(allow_null=True)
    power_kw = Kilo(source="power_w", allow_null=True)
    voltage = serializers.FloatField(allow_null=True, help_text="V")
    current = serializers.FloatField(allow_null=True, help_text="A")
    state_of_charge = serializers.FloatField(
        source="soc_percent", allow_null=True, help_text="Percent of the vehicle's battery"
    )
    meter_kwh = Kilo(source="register_wh", allow_null=True, help_text="As the meter shows it")
    read_at = serializers.DateTimeField(source="reading_at", allow_null=True)


class OwnSessionSerializer(HistorySerializer):
    """A session, what it costs, and how it stands while it is under way."""

    live = LiveSerializer(source="standing", allow_null=True, read_only=True)

    class Meta(HistorySerializer.Meta):
        fields: tuple[str, ...] = (*HistorySerializer.Meta.fields, "live")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class OwnSessionFilters(HistoryFilters):
    """Which of them."""

    also: ClassVar[frozenset[str]] = Filters.also | {"sort"}

    open = YesNo(method="under_way", label="Under way, or ended")

    def under_way(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Those that charge, or those that do not any more."""
        active = {"status": SessionStatus.ACTIVE}
        return rows.filter(**active) if value else rows.exclude(**active)


class OwnSessionViews(Own, HistoryPages):
    """What one charged and charges."""

    filterset_class = OwnSessionFilters

    @extend_schema(
        parameters=[SORT],
        operation_id="me_sessions_list",
        examples=[OpenApiExample("Ended", value=_ENDED, response_only=True)],
    )
    def list(self, request: Request) -> Response:
        """Your sessions with what they cost, newest first, page by page: your charging history.

        What is under way costs what it costs by now (the first 20 of a page). Filters and sorting
        by cost know bills only: what is not billed counts as zero there.
        """
        return self.page_of(request, my_id(request))

    @extend_schema(
        responses=OwnSessionSerializer,
        operation_id="me_sessions_retrieve",
        examples=[OpenApiExample("Under way", value=_UNDER_WAY, response_only=True)],
    )
    def retrieve(self, request: Request, transaction_id: str) -> Response:
        """One of them; while it is under way, `live` says how it stands now."""
        row = own_session(request, transaction_id)
        histories.with_costs([row], at=clock.now())
        found = standing.of_sessions([row.pk]) if row.is_open else []
        row.standing = found[0] if found else None
        return Response(OwnSessionSerializer(row).data)


def own_session(request: Request, transaction_id: str) -> Any:
    """The caller's session with this number. Raises NotFound, also for those of others."""
    rows = histories.of_driver(my_id(request))
    session = rows.filter(pk=int(transaction_id)).first()
    if session is None:
        raise NotFound("Session not found")
    return session
