"""What is kept for the home page: what happened lately, how things stood, and what is snoozed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class HappeningKind(models.TextChoices):
    """What people want to hear of while they look at something else."""

    SESSION_BEGAN = "SessionBegan", _("Session began")
    SESSION_ENDED = "SessionEnded", _("Session ended")
    ONLINE = "Online", _("Station online")
    OFFLINE = "Offline", _("Station offline")
    FAULT = "Fault", _("Fault")
    COMMAND = "Command", _("Command")
    CARD_REFUSED = "CardRefused", _("Card refused")


class Happening(models.Model):
    """Something that happened, as we heard of it; kept for a week.

    ``number`` is that of the session or command, ``detail`` the card, the error or the command.
    """

    kind = models.CharField(max_length=12, choices=HappeningKind)
    at = models.DateTimeField()
    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="happenings",
        db_index=False,  # happening_by_station begins with it
    )
    connector_id = models.PositiveIntegerField(null=True)
    number = models.BigIntegerField(null=True)
    detail = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        default_permissions = ()
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-at", "-id"], name="happening_by_time"),
            models.Index(fields=["kind", "-at", "-id"], name="happening_by_kind"),
            models.Index(fields=["station", "-at"], name="happening_by_station"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M:%S}"


class NetworkHour(models.Model):
    """How many stations of a site were there, charged and needed somebody as an hour began."""

    site = models.ForeignKey(
        "stations.Site",
        on_delete=models.CASCADE,
        null=True,  # stations that stand at none
        related_name="+",
        db_index=False,  # network_hour_of_site begins with it
    )
    hour = models.DateTimeField()
    stations = models.PositiveIntegerField()
    online = models.PositiveIntegerField()
    charging = models.PositiveIntegerField()
    power_w = models.BigIntegerField()
    attention = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-hour"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["site", "hour"], name="network_hour_of_site"),
            models.UniqueConstraint(
                fields=["hour"], condition=Q(site__isnull=True), name="network_hour_of_no_site"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["hour"], name="network_hour_by_hour")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"


class Snooze(models.Model):
    """Something that needs attention and is not to be shown before ``until``: who said so."""

    kind = models.CharField(max_length=30)
    subject = models.BigIntegerField()  # the row it is about
    until = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ("add",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "subject"], name="snooze_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} until {self.until:%Y-%m-%d %H:%M}"
