"""OcppMessage: the message log, for support. One row per exchange: the call and its answer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SLOW_MS = 5000  # an answer that took longer than this is marked
# Nearly all that is said: what is not among it is found by an index of its own.
CHATTY = ("Heartbeat", "MeterValues", "StatusNotification")


class Direction(models.TextChoices):
    """Who asked."""

    RECEIVED = "Received", _("From the station")
    SENT = "Sent", _("To the station")


class OcppMessage(models.Model):
    """A call and what answered it, paired by the message id; the texts are as they were sent."""

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="messages",
        db_constraint=False,
        db_index=False,  # message_by_station begins with it
    )
    direction = models.CharField(max_length=8, choices=Direction)
    message_id = models.CharField(max_length=255, blank=True)
    action = models.CharField(max_length=255, blank=True)  # empty: the text was no frame
    request = models.TextField()
    response = models.TextField(blank=True)  # empty: no answer
    error_code = models.CharField(max_length=50, blank=True)
    at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "OCPP message"
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["station", "-id"], name="message_by_station"),
            models.Index(fields=["at"], name="message_by_time"),
            models.Index(fields=["message_id"], name="message_by_message_id"),
            # What people filter by is rare, so these are small and cost little to write. Each has
            # the list's order, and the newest of a kind is found without reading all that is not.
            models.Index(
                fields=["action", "-id"],
                condition=~Q(action__in=CHATTY),
                name="message_rare",
            ),
            models.Index(fields=["-id"], condition=Q(direction="Sent"), name="message_sent"),
            models.Index(fields=["-id"], condition=~Q(error_code=""), name="message_error"),
            models.Index(
                fields=["-id"],
                condition=Q(response="", error_code=""),
                name="message_unanswered",
            ),
            models.Index(fields=["-id"], condition=Q(latency_ms__gt=SLOW_MS), name="message_slow"),
        ]
        permissions = (("export_ocppmessage", "Can export the message log"),)

    def __str__(self) -> str:
        return f"{self.action or 'no frame'} {self.message_id}"
