"""CommandBatch: one thing asked of many stations, a bounded number at a time."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class CommandBatch(models.Model):
    """What was asked of many stations, by whom, and whether it is over."""

    title = models.CharField(max_length=200)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    # How long a command may wait for a station that is away; empty: it is passed over.
    queue_s = models.PositiveIntegerField(null=True, blank=True)
    at_once = models.PositiveIntegerField(default=20)  # commands under way at a time
    # Stations that charge by the time it is their turn are left alone.
    spare_busy = models.BooleanField(default=False)
    retry_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retries"
    )
    idempotency_key = models.CharField(
        max_length=100, null=True, blank=True, unique=True, editable=False
    )
    finished_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name_plural = "command batches"
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"


class ItemState(models.TextChoices):
    """Waiting -> Asked -> one of the rest."""

    WAITING = "Waiting", "Waiting"
    ASKED = "Asked", "Asked"
    DONE = "Done", "Done"
    REFUSED = "Refused", "Refused by the station"
    FAILED = "Failed", "An error instead of an answer"
    TIMED_OUT = "TimedOut", "No answer in time"
    AWAY = "Away", "Offline: not asked"
    SKIPPED = "Skipped", "Not asked for"


class BatchItem(models.Model):
    """One command of a batch."""

    batch = models.ForeignKey(CommandBatch, on_delete=models.CASCADE, related_name="items")
    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="+"
    )
    action = models.CharField(max_length=50)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.WAITING)
    detail = models.CharField(max_length=500, blank=True)
    command = models.ForeignKey(
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    attempts = models.PositiveIntegerField(default=0)
    asked_again = models.BooleanField(default=False)  # by a later batch

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["batch", "state", "id"],
                condition=Q(state__in=["Waiting", "Asked"]),
                name="batch_item_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} for {self.station_id}"
