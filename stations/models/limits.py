"""SessionLimit: how much a session that was asked for may take before it is stopped."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LimitState(models.TextChoices):
    """Waiting -> Counting -> Reached -> Over; Over is final, from wherever it is reached."""

    WAITING = "Waiting", _("Waiting for its session")
    COUNTING = "Counting", _("Counting")
    REACHED = "Reached", _("Reached, and asked to stop")
    OVER = "Over", _("Over")


class LimitKind(models.TextChoices):
    """What was reached."""

    ENERGY = "Energy", _("energy")
    TIME = "Time", _("time")
    COST = "Cost", _("cost")


class SessionLimit(models.Model):
    """What the session a remote start leads to may take: energy in Wh, minutes, money.

    The amount is with tax, in the currency of whatever tariff the session begins with.
    """

    command = models.OneToOneField(
        "stations.Command", on_delete=models.CASCADE, related_name="limit"
    )
    session = models.OneToOneField(
        "stations.ChargingSession", on_delete=models.CASCADE, null=True, related_name="limit"
    )
    energy_wh = models.BigIntegerField(null=True)
    minutes = models.PositiveIntegerField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    state = models.CharField(max_length=8, choices=LimitState, default=LimitState.WAITING)
    reached = models.CharField(max_length=6, choices=LimitKind, blank=True)
    reached_at = models.DateTimeField(null=True)
    stop_asked_at = models.DateTimeField(null=True)
    times_asked = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(energy_wh__gt=0) | Q(minutes__gt=0) | Q(amount__gt=0),
                name="limit_says_something",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=~Q(state="Over"), name="limit_open")
        ]

    def __str__(self) -> str:
        return f"{self.state}: limit of {self.command}"
