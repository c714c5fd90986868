"""CardCapture: somebody waits at a station for a card nobody knows yet, to make it one of ours."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CaptureState(models.TextChoices):
    """What became of it. ``Waiting`` beyond its end is over, whoever wrote that down or not."""

    WAITING = "Waiting", _("Waiting for a card")
    CAPTURED = "Captured", _("A card was presented")
    ADOPTED = "Adopted", _("The card is one of ours")
    CANCELLED = "Cancelled", _("Cancelled")
    EXPIRED = "Expired", _("No card in time")


class CardCapture(models.Model):
    """The next unknown id tag that is presented at a station within its time is its."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="captures"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_by_name = models.CharField(max_length=150, blank=True)  # outlives the user
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CaptureState, default=CaptureState.WAITING)
    id_tag = models.CharField(max_length=255, blank=True)
    captured_at = models.DateTimeField(null=True)
    known_card = models.ForeignKey(  # presented meanwhile, but no stranger: it goes on waiting
        "rfid.RfidCard", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    card = models.ForeignKey(  # what was made of it
        "rfid.RfidCard", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("enrolment by tapping")
        verbose_name_plural = _("enrolments by tapping")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["station"], condition=Q(state="Waiting"), name="capture_one_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.station}"

    def state_at(self, at: datetime) -> CaptureState:
        """What became of it by ``at``."""
        is_over = self.state == CaptureState.WAITING and self.expires_at <= at
        return CaptureState.EXPIRED if is_over else CaptureState(self.state)
