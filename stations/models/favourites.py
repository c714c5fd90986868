"""Favourite: a site or a station that somebody marked, to find it again in their app."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Favourite(models.Model):
    """Of one person, and of nobody else's interest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites"
    )
    site = models.ForeignKey(
        "stations.Site", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    marked_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(site__isnull=True) ^ Q(station__isnull=True), name="favourite_of_one"
            ),
            models.UniqueConstraint(fields=["user", "site"], name="favourite_site"),
            models.UniqueConstraint(fields=["user", "station"], name="favourite_station"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.site or self.station}"
