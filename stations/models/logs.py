"""LogRequest: a station asked for its diagnostics or one of its logs, and the file it brought."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from stations.models.errands import Errand


class LogKind(models.TextChoices):
    """Which file: GetDiagnostics knows one, GetLog (security whitepaper) two kinds."""

    DIAGNOSTICS = "Diagnostics"
    DIAGNOSTICS_LOG = "DiagnosticsLog", "Diagnostics log"
    SECURITY_LOG = "SecurityLog", "Security log"


class LogRequest(Errand):
    """One GetDiagnostics or GetLog."""

    kind = models.CharField(max_length=15, choices=LogKind)
    oldest_at = models.DateTimeField(null=True, blank=True)
    latest_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=255, blank=True)  # as the station announced it

    class Meta(Errand.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expires_at"], condition=Q(outcome="Open"), name="log_request_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"
