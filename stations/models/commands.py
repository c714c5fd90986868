"""Command: something a station is asked to do. The row is the work; a doorbell points to it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class CommandStatus(models.TextChoices):
    """Waiting -> Sent -> one of the rest, each final. Nothing sent is ever sent again by itself."""

    WAITING = "Waiting", "Waiting for the station"
    SENT = "Sent", "Sent, no answer yet"
    ANSWERED = "Answered", "Answered"
    FAILED = "Failed", "Answered with an error"
    TIMED_OUT = "TimedOut", "No answer"
    EXPIRED = "Expired", "Never sent: the station was not there in time"


OPEN = (CommandStatus.WAITING, CommandStatus.SENT)


class Command(models.Model):
    """One OCPP call of ours, from the request to its answer."""

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="commands",
        db_index=False,  # command_by_station begins with it
    )
    action = models.CharField(max_length=50)  # the OCPP 1.6 name
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=CommandStatus, default=CommandStatus.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    send_before = models.DateTimeField()  # not sent after it: nothing happens late by surprise
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)
    message_id = models.CharField(max_length=36, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    answer_before = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    answer_status = models.CharField(max_length=50, blank=True)  # the answer's own "status"
    error_code = models.CharField(max_length=50, blank=True)
    error_description = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        permissions = (("serve_driver", "Can start and stop sessions and unlock connectors"),)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["station", "id"],
                condition=Q(status__in=["Waiting", "Sent"]),
                name="command_open",
            ),
            models.Index(fields=["station", "-id"], name="command_by_station"),
        ]

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether its answer may still come."""
        return self.status in OPEN
