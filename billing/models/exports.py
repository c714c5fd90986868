"""Files of reports that are made in the background: who asked for what, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class ExportState(models.TextChoices):
    """Where an export stands."""

    WAITING = "Waiting"
    RUNNING = "Running", "In the making"
    READY = "Ready", "Ready to download"
    FAILED = "Failed"
    EXPIRED = "Expired", "Expired: its file is gone"


SITES = "sites"  # among the parameters: the numbers of those their asker was limited to


def said_of(sites: Iterable[int]) -> str:
    """Sites as the parameters of an export name them."""
    return " ".join(map(str, sorted(sites)))


UNDER_WAY = (ExportState.WAITING, ExportState.RUNNING)


class ReportExport(models.Model):
    """A file somebody asked for; the row is also the work of making it.

    ``parameters`` are those of the report, with moments instead of the names of periods. Its maker
    has ``claim`` until ``leased_until``, and renews it; who finds it past that, begins anew.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    parameters = models.JSONField()
    format = models.CharField(max_length=4)
    state = models.CharField(max_length=7, choices=ExportState, default=ExportState.WAITING)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    file = models.CharField(max_length=100, blank=True)  # ours, below MEDIA_ROOT
    file_name = models.CharField(max_length=100)  # what it is called when it is saved
    size_bytes = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["Waiting", "Running"]),
                name="export_under_way",
            ),
            models.Index(fields=["by", "-id"], name="export_by_asker"),
            models.Index(
                fields=["expires_at"], condition=Q(expires_at__isnull=False), name="export_by_end"
            ),
            models.Index(fields=["file"], condition=~Q(file=""), name="export_by_file"),
        ]

    def __str__(self) -> str:
        return f"Export #{self.pk}: {self.file_name}"

    @property
    def is_under_way(self) -> bool:
        """Whether somebody should ask again."""
        return self.state in UNDER_WAY
