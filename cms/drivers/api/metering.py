"""What the meter showed during one's own session: /api/me/sessions/{transactionId}/meter-values."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cms.drivers.api.own import Own
from cms.drivers.api.sessions import own_session
from stations.api.metering import MeterValueSerializer, MeterValueViews
from stations.models import MeterValue

_FOR_SUPPORT = {"received_at", "raw_json"}  # how it came, not what was shown
_READING: dict[str, Any] = {
    **{"id": 90210, "timestamp": "2026-01-15T10:50:00Z", "context": "Sample.Periodic"},
    **{"meterValue": 1204500, "powerW": 48200, "currentA": 120.0, "voltageV": 402.0},
    "socPercent": 64.0,
}


class OwnMeterValueSerializer(MeterValueSerializer):
    """What the meter showed at one moment; null is what it did not say."""

    class Meta(MeterValueSerializer.Meta):
        fields: tuple[str, ...] = tuple(  # type: ignore[assignment]
            name for name in MeterValueSerializer.Meta.fields if name not in _FOR_SUPPORT
        )
        read_only_fields = fields  # type: ignore[assignment]


class OwnMeterValueViews(Own, MeterValueViews):
    """All readings of one's own session."""

    serializer_class = OwnMeterValueSerializer

    def get_queryset(self) -> QuerySet[MeterValue]:
        """Those of the session in the path. Raises NotFound, also for those of others."""
        session = own_session(self.request, self.kwargs["transaction_id"])
        return MeterValue.objects.filter(session=session.pk)

    @extend_schema(
        operation_id="me_sessions_meter_values_list",
        examples=[OpenApiExample("A reading", value=_READING, response_only=True)],
    )
    def list(self, request: Request, transaction_id: str) -> Response:
        """In the order in which they were measured, page by page, also after the session ended."""
        return super().list(request, transaction_id)
