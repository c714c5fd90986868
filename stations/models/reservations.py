"""Reservation: a connector kept for one card until a time."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper


class ReservationStatus(models.TextChoices):
    """Its life. The refusals are OCPP's own (ReservationStatus, OCPP 1.6 section 7.40)."""

    REQUESTED = "Requested", "Asked of the station"
    ACCEPTED = "Accepted", "Reserved"
    USED = "Used"
    EXPIRED = "Expired"
    CANCELLED = "Cancelled"
    OCCUPIED = "Occupied", "Refused: occupied"
    FAULTED = "Faulted", "Refused: faulted"
    REJECTED = "Rejected", "Refused: rejected"
    UNAVAILABLE = "Unavailable", "Refused: unavailable"
    FAILED = "Failed", "No answer"


HOLDING = (ReservationStatus.REQUESTED, ReservationStatus.ACCEPTED)


class Reservation(models.Model):
    """Its primary key is OCPP's reservationId; connector number 0 means any connector."""

    reservation_id = models.AutoField(primary_key=True)
    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="reservations"
    )
    connector = models.ForeignKey(
        "stations.Connector", on_delete=models.CASCADE, related_name="reservations"
    )
    id_tag = models.CharField(max_length=20)
    parent_id_tag = models.CharField(max_length=20, blank=True)
    status = models.CharField(
        max_length=15, choices=ReservationStatus, default=ReservationStatus.REQUESTED
    )
    status_reason = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    session = models.ForeignKey(
        "stations.ChargingSession",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reservations",
    )
    command = models.ForeignKey(  # the ReserveNow that asks the station for it
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The number a station gave it, where the station made the reservation itself
    reported_reservation_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-reservation_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connector"],
                condition=Q(status__in=["Requested", "Accepted"]),
                name="reservation_one_holder",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expires_at"],
                condition=Q(status__in=["Requested", "Accepted"]),
                name="reservation_holding",
            ),
            # Those of a driver, by their cards
            models.Index(Upper("id_tag"), F("reservation_id").desc(), name="reservation_by_tag"),
        ]

    def __str__(self) -> str:
        return f"reservation {self.reservation_id}"

    @property
    def number(self) -> int:
        """The reservationId the station knows it by: ours, unless it numbered it itself."""
        return self.pk if self.reported_reservation_id is None else self.reported_reservation_id
