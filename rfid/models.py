"""RfidCard, what a driver presents; CardGroup, its OCPP parentIdTag; what was done with cards."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from cms.shared.models import Timestamped

SELF_TEST = "SELFTEST"  # how the id tags begin that the self-test makes, and takes away again
ID_TAG_LENGTH = 20  # CiString20Type, OCPP 1.6 section 7.26: letter case does not count
_printable = RegexValidator(r"^[\x21-\x7e]+$", "Only printable characters without spaces.")


def masked(id_tag: str) -> str:
    """``id_tag`` by its last four characters, fewer where it has fewer than eight."""
    shown = min(4, len(id_tag) // 2)
    return f"••••{id_tag[len(id_tag) - shown :]}"


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
        verbose_name = _("RFID card")
        verbose_name_plural = _("RFID cards")
        ordering: ClassVar[list[str]] = ["id_tag"]
        permissions = (("view_number", "Can see the numbers of cards in full"),)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "-id"], name="rfid_card_by_status"),
            models.Index(fields=["valid_until"], name="rfid_card_by_end"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Upper("id_tag"),
                name="rfid_card_id_tag_unique",
                violation_error_message="A card with this id tag exists already.",
            )
        ]

    def __str__(self) -> str:
        # Titles, menus and messages show it to everybody: the whole number is for who may see it.
        return f"{self.label} ({self.masked})" if self.label else self.masked

    @property
    def masked(self) -> str:
        """Its number by its last characters, as much as one needs to tell cards apart."""
        return masked(self.id_tag)


class ChangeKind(models.TextChoices):
    """What was done with a card."""

    ADDED = "Added", _("Added")
    ADOPTED = "Adopted", _("Adopted")
    IMPORTED = "Imported", _("Imported")
    CHANGED = "Changed", _("Changed")
    BLOCKED = "Blocked", _("Blocked")
    ACTIVATED = "Activated", _("Unblocked")
    EXTENDED = "Extended", _("Validity extended")
    DELETED = "Deleted", _("Deleted")


class CardChange(models.Model):
    """What somebody did with a card, and why: written by the services, never changed."""

    card = models.ForeignKey(RfidCard, on_delete=models.SET_NULL, null=True, related_name="history")
    id_tag = models.CharField(max_length=ID_TAG_LENGTH)  # outlives the card
    kind = models.CharField(max_length=10, choices=ChangeKind)
    reason = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)  # {field: [before, after]}
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by_name = models.CharField(max_length=150, blank=True)  # outlives the user
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {masked(self.id_tag)}"


class ImportState(models.TextChoices):
    """How far an import came; only ``Running``, ``Done`` and ``Failed`` changed anything."""

    UPLOADED = "Uploaded", _("Columns to be named")
    CHECKING = "Checking", _("Being looked at")
    PREVIEWED = "Previewed", _("To be confirmed")
    RUNNING = "Running", _("Being imported")
    DONE = "Done", _("Done")
    FAILED = "Failed", _("Stopped midway")
    CANCELLED = "Cancelled", _("Cancelled")


class CardImport(models.Model):
    """A table of cards somebody sent, what its columns are, and what would come or came of it."""

    name = models.CharField(max_length=255)  # of the file
    content = models.BinaryField()  # gone once it is done
    headings = models.JSONField(default=list)
    samples = models.JSONField(default=list)  # the first rows
    columns = models.JSONField(default=list)  # a field of services/columns.py each, or ""
    reverse = models.BooleanField(default=False)  # the bytes of UIDs come last to first
    update = models.BooleanField(default=True)  # cards that exist are changed
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    counts = models.JSONField(default=dict)  # new, changed, same, wrong
    problems = models.JSONField(default=list)  # the first: {line, field, value, message}
    examples = models.JSONField(default=list)  # the first of each kind: import_rows.Line.example
    language = models.CharField(max_length=10, blank=True)  # in which problems are said
    rows_total = models.PositiveIntegerField(null=True)  # as far as it is known
    rows_done = models.PositiveIntegerField(default=0)  # stored with what was done of them
    claim = models.UUIDField(null=True)  # whose work it is, until ``leased_until``
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # since it last came forward
    error = models.CharField(max_length=300, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    by_name = models.CharField(max_length=150, blank=True)  # outlives the user
    uploaded_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import of cards")
        verbose_name_plural = _("imports of cards")
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("add", "view")

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def is_under_way(self) -> bool:
        """Whether something works on it, or is about to."""
        return self.state in (ImportState.CHECKING, ImportState.RUNNING)


class CardImportProblem(models.Model):
    """One thing wrong with a line of an imported table: all of them, for the file of errors."""

    of = models.ForeignKey(CardImport, on_delete=models.CASCADE, related_name="all_problems")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=20)
    value = models.CharField(max_length=500, blank=True)
    message = models.CharField(max_length=300)

    class Meta:
        verbose_name = _("error of an import of cards")
        verbose_name_plural = _("errors of imports of cards")
        ordering: ClassVar[list[str]] = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}"


class CardRevision(models.Model):
    """One row: a number that grows with every change of a card or a group.

    Whoever keeps something worked out from the cards sees by it, at the cost of one row, whether
    they are still the same. The row is locked until a change commits, so none is ever overtaken.
    """

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
