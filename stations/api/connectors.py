"""Connectors over REST: always as part of something else."""

from __future__ import annotations

from datetime import datetime

from rest_framework import serializers

from cms.shared.api import CamelCaseModel, Kilo
from stations.models import Connector


class ConnectorSerializer(CamelCaseModel):
    """An outlet. ``connectorId`` is its number at the station, ``id`` the row."""

    status = serializers.CharField(read_only=True, help_text="In the words of OCPP: Available, ...")
    last_status_at = serializers.SerializerMethodField()
    max_power_kw = Kilo(source="max_power_w", allow_null=True)

    class Meta:
        model = Connector
        fields = (
            "id",
            "connector_id",
            "status",
            "last_status_at",
            "error_code",
            "info",
            "vendor_error_code",
            "connector_type",
            "max_power_kw",
        )
        read_only_fields = fields

    def get_last_status_at(self, connector: Connector) -> datetime | None:
        """When it was reported: by the station's clock, or by ours since it last booted."""
        return connector.status_at or connector.status_received_at
