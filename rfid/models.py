"""RfidCard, what a driver presents, and CardGroup, its OCPP parentIdTag."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Upper

from cms.shared.models import Timestamped

ID_TAG_LENGTH = 20  # CiString20Type, OCPP 1.6 section 7.26: letter case does not count
_printable = RegexValidator(r"^[\x21-\x7e]+$", "Only printable characters without spaces.")


class CardGroup(Timestamped):
    """Cards that may act for each other: one may stop what another one started."""

    name = models.CharField(max_length=100)
    parent_id_tag = models.CharField(max_length=ID_TAG_LENGTH, validators=[_printable])

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Upper("parent_id_tag"),
                name="rfid_group_parent_id_tag_unique",
                violation_error_message="A group with this parent id tag exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CardStatus(models.TextChoices):
    """Whether a card may charge, as far as an operator decided it."""

    ACTIVE = "Active"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"


class RfidCardQuerySet(models.QuerySet["RfidCard"]):
    """Words for finding cards."""

    def with_tag(self, id_tag: str) -> RfidCardQuerySet:
        """Those with this id tag, letter case ignored."""
        # Written so that both engines use the index; iexact is a LIKE on SQLite.
        return self.alias(folded=Upper("id_tag")).filter(folded=Upper(Value(id_tag)))


class RfidCard(Timestamped):
    """One card, fob or app identity, by the id tag the station reads from it."""

    id_tag = models.CharField(
        max_length=ID_TAG_LENGTH, validators=[_printable], help_text="As the station reads it"
    )
    label = models.CharField(max_length=100, blank=True, help_text="Printed number, owner, ...")
    status = models.CharField(max_length=10, choices=CardStatus, default=CardStatus.ACTIVE)
    status_reason = models.CharField(max_length=200, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    group = models.ForeignKey(
        CardGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="cards"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="cards",
    )

    objects = RfidCardQuerySet.as_manager()

    class Meta:
        verbose_name = "RFID card"
        ordering: ClassVar[list[str]] = ["id_tag"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Upper("id_tag"),
                name="rfid_card_id_tag_unique",
                violation_error_message="A card with this id tag exists already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.id_tag} ({self.label})" if self.label else self.id_tag


class CardRevision(models.Model):
    """One row: a number that grows with every change of a card or a group.

    Whoever keeps something worked out from the cards sees by it, at the cost of one row, whether
    they are still the same. The row is locked until a change commits, so none is ever overtaken.
    """

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
