"""LocalList: which cards a station accepts by itself, as it last acknowledged them (3.5.2)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ListPolicy(models.TextChoices):
    """Which cards shall stand in the list of a station."""

    OFF = "Off", "Off: the list is left as it is"
    ALL = "All", "All cards"
    GROUPS = "Groups", "Cards of chosen groups"
    SITE = "Site", "Cards of the site's groups"


class ListState(models.TextChoices):
    """What we know of the list the station has."""

    UNVERIFIED = "Unverified", "Not known: to be asked"
    KNOWN = "Known"
    UNSUPPORTED = "Unsupported", "The station keeps no list"


class LocalListContent(models.Model):
    """The entries of a list, stored once however many stations have it; ``digest`` names them."""

    digest = models.CharField(max_length=64, primary_key=True)
    entries = models.BinaryField()  # see services/list_contents.py
    size = models.PositiveIntegerField()
    used_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.size} entries"


class LocalListTarget(models.Model):
    """What lists of one kind should hold: worked out once for all stations that want the same."""

    scope = models.CharField(max_length=1000)  # All, or Groups:1,2
    max_length = models.PositiveIntegerField()  # LocalAuthListMaxLength; 0: not known
    content = models.ForeignKey(LocalListContent, on_delete=models.PROTECT, related_name="+")
    left_out = models.PositiveIntegerField(default=0)  # cards for which there was no room
    revision = models.BigIntegerField()  # of the cards it was worked out from
    refresh_at = models.DateTimeField(null=True, blank=True)  # a validity begins or ends then

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scope", "max_length"], name="local_list_target_unique")
        ]

    def __str__(self) -> str:
        return f"{self.scope}, at most {self.max_length or 'any number'}"


class LocalList(models.Model):
    """The list of one station: what it should hold, what it acknowledged, and what is under way.

    The station has ``content`` plus the first ``done`` differences between that and ``goal``.
    Without ``content`` nobody knows what it has, and the next update is a full one.
    """

    station = models.OneToOneField(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="local_list"
    )
    policy = models.CharField(max_length=10, choices=ListPolicy, default=ListPolicy.OFF)
    groups = models.ManyToManyField("rfid.CardGroup", blank=True, related_name="+")
    once = models.BooleanField(
        default=False
    )  # to be brought in step once, though its policy is off
    target = models.ForeignKey(
        LocalListTarget, on_delete=models.PROTECT, null=True, blank=True, related_name="lists"
    )
    state = models.CharField(max_length=12, choices=ListState, default=ListState.UNVERIFIED)
    version = models.BigIntegerField(default=0)  # as last acknowledged
    content = models.ForeignKey(
        LocalListContent, on_delete=models.PROTECT, null=True, blank=True, related_name="lists"
    )
    goal = models.ForeignKey(
        LocalListContent, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    done = models.PositiveIntegerField(default=0)
    command = models.ForeignKey(  # of ours, under way
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    lost = models.ForeignKey(  # an update whose answer never came: the station may have it
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)  # nothing is sent before it
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["station_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "next_at"], name="local_list_due")
        ]

    def __str__(self) -> str:
        return f"local list of {self.station}"

    @property
    def in_step(self) -> bool:
        """Whether the station has acknowledged all that it should hold."""
        known = self.state == ListState.KNOWN and self.target is not None
        return known and self.target is not None and self.content_id == self.target.content_id
