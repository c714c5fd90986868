"""Errand: what a station was sent off to do with a file, and what it reports on the way."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

# Words of ours for ``Errand.status``; all others are the station's.
REQUESTED, NO_ANSWER, ERROR = "Requested", "NoAnswer", "Error"
STATUS_WIDTH = 50


class Outcome(models.TextChoices):
    """How an errand ended, if it did. What failed may still be made good by the station."""

    OPEN = "Open", "Under way"
    DONE = "Done"
    FAILED = "Failed"
    REFUSED = "Refused"
    CANCELLED = "Cancelled", "Replaced by a newer one"
    TIMED_OUT = "TimedOut", "Never finished"


class Errand(models.Model):
    """What firmware updates and requests for logs have in common."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="%(class)ss"
    )
    command = models.OneToOneField(  # that asks the station
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    transfer = models.OneToOneField(  # None: the file goes by an address that is not ours
        "stations.Transfer", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    location = models.CharField(max_length=2000)  # as it may be shown: without what is secret
    request_id = models.BigIntegerField(null=True, blank=True)
    retries = models.IntegerField(null=True, blank=True)
    retry_interval_s = models.IntegerField(null=True, blank=True)
    status = models.CharField(max_length=STATUS_WIDTH, default=REQUESTED)
    status_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["-id"]

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.outcome == Outcome.OPEN


class Subject(models.TextChoices):
    """Which notification told it."""

    FIRMWARE = "Firmware"
    SIGNED_FIRMWARE = "SignedFirmware"
    DIAGNOSTICS = "Diagnostics"
    LOG = "Log"


class ErrandReport(models.Model):
    """One status a station reported, in its own word; also where we had asked for nothing."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="errand_reports"
    )
    subject = models.CharField(max_length=15, choices=Subject)
    status = models.CharField(max_length=STATUS_WIDTH)
    request_id = models.BigIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(db_index=True)
    update = models.ForeignKey(
        "stations.FirmwareUpdate",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="reports",
    )
    log_request = models.ForeignKey(
        "stations.LogRequest",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="reports",
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"{self.subject}: {self.status}"
