"""CommandEffect: what an accepted command should lead to, and whether it did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class EffectState(models.TextChoices):
    """Awaited -> Seen, or Missing; what comes late is Seen all the same."""

    AWAITED = "Awaited", "Waiting for it to happen"
    SEEN = "Seen", "It happened"
    MISSING = "Missing", "Accepted, and nothing happened"


class CommandEffect(models.Model):
    """A session that begins after a remote start, or ends after a remote stop."""

    command = models.OneToOneField(
        "stations.Command", on_delete=models.CASCADE, related_name="effect"
    )
    state = models.CharField(max_length=8, choices=EffectState, default=EffectState.AWAITED)
    expected_before = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    session = models.ForeignKey(
        "stations.ChargingSession", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expected_before"], condition=~Q(state="Seen"), name="effect_not_seen"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.command}"
