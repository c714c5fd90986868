"""ProfileUpgrade: a station on its way to a higher security profile, step by step."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from stations.models.stations import SecurityProfile


class UpgradeStep(models.TextChoices):
    """In this order; a step that is not needed is passed over."""

    KEY = "Key", "Giving it a new key"
    CERTIFICATE = "Certificate", "Giving it a certificate"
    PROFILE = "Profile", "Telling it to change its profile"
    RESTART = "Restart", "Waiting for it to come back with the new profile"


class UpgradeOutcome(models.TextChoices):
    """How it ended. What failed left the old profile as it was."""

    OPEN = "Open", "Under way"
    DONE = "Done"
    FAILED = "Failed"


class ProfileUpgrade(models.Model):
    """One upgrade, from what was asked for to the connection that proves it, or to a failure."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="profile_upgrades"
    )
    from_profile = models.PositiveSmallIntegerField(choices=SecurityProfile)
    to_profile = models.PositiveSmallIntegerField(choices=SecurityProfile)
    step = models.CharField(max_length=11, choices=UpgradeStep)
    step_at = models.DateTimeField()  # since when
    command = models.ForeignKey(  # of the step
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=6, choices=UpgradeOutcome, default=UpgradeOutcome.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=100, null=True, blank=True, unique=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["station"], condition=Q(outcome="Open"), name="profile_upgrade_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.station}: profile {self.from_profile} → {self.to_profile}"
