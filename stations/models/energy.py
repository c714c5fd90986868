"""EnergyHour and EnergyTally: what was charged in which hour, worked out from sessions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class EnergyHour(models.Model):
    """What a session charged at its station in one hour (UTC), in Wh.

    The hours of a session add up to its energy; those of a station, a site or the whole network
    are sums of rows. Written by services/energy_hours.py only.
    """

    session = models.ForeignKey(
        "stations.ChargingSession",
        on_delete=models.CASCADE,
        related_name="energy_hours",
        db_index=False,  # energy_hour_once begins with it
    )
    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="energy_hours",
        db_index=False,  # energy_hour_by_station begins with it
    )
    hour = models.DateTimeField()  # its beginning
    energy_wh = models.BigIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["hour"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "hour"], name="energy_hour_once"),
            models.CheckConstraint(condition=Q(energy_wh__gt=0), name="energy_hour_positive"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["hour", "station"], name="energy_hour_by_hour"),
            models.Index(fields=["station", "hour"], name="energy_hour_by_station"),
        ]

    def __str__(self) -> str:
        return f"{self.energy_wh} Wh from {self.hour:%Y-%m-%d %H:%M}"


class EnergyTally(models.Model):
    """What the hours of a session were worked out from: where that changed they are, too."""

    session = models.OneToOneField(
        "stations.ChargingSession",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="energy_tally",
    )
    seen = models.CharField(max_length=200, blank=True)  # its decisive facts, as a text
    last_value_id = models.BigIntegerField(default=0)  # the newest of its meter values
    is_open = models.BooleanField(default=True)  # it was under way

    class Meta:
        default_permissions = ()
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session"], condition=Q(is_open=True), name="energy_tally_open"),
            models.Index(fields=["last_value_id"], name="energy_tally_by_value"),
        ]

    def __str__(self) -> str:
        return f"hours of session {self.session_id}"
