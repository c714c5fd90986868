"""SecurityEvent: something about its security that a station told us of."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

TYPE_WIDTH, INFO_WIDTH = 50, 255


class SecurityEvent(models.Model):
    """One SecurityEventNotification (security whitepaper, section 4.7); repeats are counted.

    Stations queue them while they are offline and send them again: the same type, time and text is
    the same event.
    """

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="security_events",
        db_index=False,  # security_event_of begins with it
    )
    type = models.CharField(max_length=TYPE_WIDTH)  # the station's own word
    critical = models.BooleanField(default=False)  # by the whitepaper's table
    happened_at = models.DateTimeField()  # by the station's clock
    happened_at_raw = models.CharField(max_length=64, blank=True)
    tech_info = models.CharField(max_length=INFO_WIDTH, blank=True)
    received_at = models.DateTimeField(db_index=True)
    times_seen = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["station", "happened_at", "type", "tech_info"], name="security_event_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["station", "-id"], name="security_event_of")
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.station}"
