"""Tariffs: what charging costs, in versions that never change, and for whom which one counts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from cms.shared.errors import Text
from cms.shared.models import Timestamped


class Tariff(Timestamped):
    """A tariff by name. Its terms stand in versions; the currency is the same in all of them."""

    name = models.CharField(max_length=100, unique=True)
    currency = models.CharField(max_length=3, help_text="ISO 4217, such as EUR")
    note = models.CharField(max_length=200, blank=True, help_text="For operators")

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class TariffVersion(models.Model):
    """The terms of a tariff from a moment on, until a later version is valid. It never changes.

    ``terms`` is the document of billing/rating/documents.py. Of several that are valid the one
    that was published last counts.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    terms = models.JSONField()
    valid_from = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["tariff", "-number"]
        default_permissions = ("view", "add")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tariff", "number"], name="tariff_version_unique")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tariff", "-number"], name="tariff_version_newest")
        ]

    def __str__(self) -> str:
        return f"{self.tariff} v{self.number}"


# Most specific first: the first that has an assignment decides (docs/tariffs.md).
PLACES = ("connector", "station", "site")
LEVELS = (*PLACES, "card_group", "user", "everywhere")


def _only(level: str) -> Q:
    """Nothing but this target is set."""
    others = {f"{one}__isnull": one != level for one in LEVELS[:-1]}
    return Q(**others, everywhere=level == LEVELS[-1])


class TariffAssignment(Timestamped):
    """Which tariff counts at a place, or for people. Exactly one of its targets is set."""

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="assignments")
    connector = models.OneToOneField(
        "stations.Connector", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    station = models.OneToOneField(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    site = models.OneToOneField(
        "stations.Site", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    card_group = models.OneToOneField(
        "rfid.CardGroup", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    everywhere = models.BooleanField(
        "default", default=False, help_text="Counts where nothing else does"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=reduce(or_, map(_only, LEVELS)),
                name="tariff_assignment_has_a_target",
            ),
            models.UniqueConstraint(
                fields=["everywhere"],
                condition=Q(everywhere=True),
                name="tariff_assignment_one_default",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} for {self.target}"

    @property
    def level(self) -> str:
        """What it is assigned to: one of LEVELS."""
        return next(
            name for name in LEVELS if getattr(self, f"{name}_id", None) or name == LEVELS[-1]
        )

    @property
    def target(self) -> object:
        """The connector, station, site, group or user; "everybody" for the default."""
        return Text("everybody") if self.everywhere else getattr(self, self.level)
