"""Connector, an outlet with its own status, and the history of its StatusChanges."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from cms.shared.errors import DomainError

MAX_CONNECTOR_ID = 1000  # a number beyond it is a mistake, not an outlet


class ConnectorStatus(models.TextChoices):
    """ChargePointStatus, OCPP 1.6 section 7.7."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV", "Suspended by the vehicle"
    SUSPENDED_EVSE = "SuspendedEVSE", "Suspended by the station"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown", "Not reported yet"


class ConnectorQuerySet(models.QuerySet["Connector"]):
    """Words for finding connectors."""

    def locked(self, *, station_id: int, connector_id: int) -> Connector:
        """The connector, made where it is new, locked until the transaction ends.

        Raises DomainError for a number no connector has.
        """
        if not 0 <= connector_id <= MAX_CONNECTOR_ID:
            raise DomainError("connectorId must be from 0 to %(most)s", most=MAX_CONNECTOR_ID)
        connector, _ = self.select_for_update(no_key=True).get_or_create(
            station_id=station_id, connector_id=connector_id
        )
        return connector


class Connector(models.Model):
    """An outlet of a station; number 0 is the station itself (OCPP 1.6 section 7.46)."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="connectors"
    )
    connector_id = models.PositiveIntegerField("number")
    evse_id = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(
        max_length=50, choices=ConnectorStatus, default=ConnectorStatus.UNKNOWN
    )
    error_code = models.CharField(max_length=255, blank=True)
    info = models.CharField(max_length=500, blank=True)
    vendor_id = models.CharField(max_length=255, blank=True)
    vendor_error_code = models.CharField(max_length=255, blank=True)
    # The station's own time of the status (at most when we heard it), which orders late arrivals;
    # empty after a boot.
    status_at = models.DateTimeField(null=True, blank=True)
    status_received_at = models.DateTimeField(null=True, blank=True)
    # Since when it says so, by our clock: many repeat what they said
    status_since = models.DateTimeField(null=True, blank=True)
    connector_type = models.CharField(max_length=30, blank=True, help_text="Type 2, CCS2, ...")
    max_power_w = models.PositiveIntegerField("maximum power (W)", null=True, blank=True)

    objects = ConnectorQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["station", "connector_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["station", "connector_id"], name="connector_unique")
        ]

    def __str__(self) -> str:
        return f"connector {self.connector_id}"


class StatusChange(models.Model):
    """What a connector once reported; kept for a while as its history."""

    connector = models.ForeignKey(
        Connector,
        on_delete=models.CASCADE,
        related_name="changes",
        db_index=False,  # status_by_connector begins with it
    )
    status = models.CharField(max_length=50)
    error_code = models.CharField(max_length=255, blank=True)
    info = models.CharField(max_length=500, blank=True)
    vendor_error_code = models.CharField(max_length=255, blank=True)
    reported_at = models.DateTimeField()
    reported_at_raw = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["connector", "reported_at"], name="status_by_connector")
        ]

    def __str__(self) -> str:
        return f"{self.status} at {self.reported_at:%Y-%m-%d %H:%M:%S}"
