"""Configuration: a station's settings as it told us, their history, and how the reading goes."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class ConfigurationKey(models.Model):
    """One setting of a station, as it last told us (GetConfiguration, ChangeConfiguration)."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="configuration"
    )
    key = models.CharField(max_length=255)
    value = models.TextField(blank=True)
    readonly = models.BooleanField(default=False)
    read_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["station", "key"], name="configuration_key_unique")
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class ChangeCause(models.TextChoices):
    """How we came to know that a setting is another one now."""

    READ = "Read", "Found when it was read"
    CHANGED = "Changed", "Changed by command"


class ConfigurationChange(models.Model):
    """A setting that became another one: what it was, what it is, when and through what."""

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="configuration_changes",
        db_index=False,  # configuration_change_of begins with it
    )
    key = models.CharField(max_length=255)
    old_value = models.TextField(null=True, blank=True)  # noqa: DJ001 - null: not known before
    new_value = models.TextField(blank=True)
    cause = models.CharField(max_length=10, choices=ChangeCause)
    command = models.ForeignKey(
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["station", "-id"], name="configuration_change_of")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.old_value} → {self.new_value}"


class ReadState(models.TextChoices):
    """Waiting -> Reading -> Done or Failed; each may be asked for again."""

    NEVER = "Never", "Not read yet"
    WAITING = "Waiting", "Waiting for its turn"
    READING = "Reading", "Being read"
    DONE = "Done", "Read"
    FAILED = "Failed", "Not read"


class ReadStep(models.TextChoices):
    """What is asked for: how much the station can tell, everything at once, then key by key."""

    LIMITS = "Limits"
    EVERYTHING = "Everything"
    KEYS = "Keys"


class ConfigurationRead(models.Model):
    """Reading all settings of one station, as far as it got. The row is the work."""

    station = models.OneToOneField(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="configuration_read"
    )
    state = models.CharField(max_length=10, choices=ReadState, default=ReadState.NEVER)
    step = models.CharField(max_length=10, choices=ReadStep, default=ReadStep.LIMITS)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    firmware_version = models.CharField(max_length=255, blank=True)  # what was read, or is
    next_at = models.DateTimeField(null=True, blank=True)  # not asked before it
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    command = models.ForeignKey(
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    remaining = models.JSONField(default=list)  # keys not asked for yet
    at_once = models.PositiveIntegerField(default=1)  # keys in one GetConfiguration
    attempts = models.PositiveIntegerField(default=0)  # of what is asked for now
    restarts = models.PositiveIntegerField(default=0)  # of the station, while it was asked
    unknown_keys = models.JSONField(default=list)  # the station says it has none of them
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["Waiting", "Reading"]),
                name="configuration_read_due",
            )
        ]

    def __str__(self) -> str:
        return f"configuration of {self.station_id}: {self.state}"
