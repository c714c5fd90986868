"""Transfer: one file that goes between a station and us over HTTP, by a one-time address."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Purpose(models.TextChoices):
    """What a file is. Firmware is fetched by the station, all else is brought by it."""

    DIAGNOSTICS = "Diagnostics"
    LOG = "Log"
    FIRMWARE = "Firmware"


class TransferState(models.TextChoices):
    """Open until the file has arrived (firmware: until it expires)."""

    OPEN = "Open"
    RECEIVED = "Received"
    EXPIRED = "Expired"
    DELETED = "Deleted", "Deleted: kept long enough"


class Transfer(models.Model):
    """An address for one file. Only the hash of its token is kept, so nobody can look it up."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="transfers"
    )
    purpose = models.CharField(max_length=15, choices=Purpose)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    limit_bytes = models.BigIntegerField()
    expires_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=TransferState, default=TransferState.OPEN, db_index=True
    )
    image = models.ForeignKey(  # what is downloaded
        "stations.FirmwareImage", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    transferred_bytes = models.BigIntegerField(default=0)  # in the latest attempt
    completed_at = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=100, blank=True, editable=False)  # below MEDIA_ROOT
    file_name = models.CharField(max_length=100, blank=True)  # the station's, made harmless
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["completed_at"], condition=~Q(file=""), name="transfer_with_file"),
            models.Index(fields=["file"], condition=~Q(file=""), name="transfer_by_file"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} #{self.pk}"

    @property
    def direction(self) -> str:
        """Upload or Download, as the station sees it."""
        return "Download" if self.purpose == Purpose.FIRMWARE else "Upload"
