"""ReviewCase: something an operator should look at and settle; one open row per subject."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class ReviewKind(models.TextChoices):
    """What there is to settle."""

    ORPHANED_STOP = "OrphanedStop", "Stop without a start"
    INFERRED_STOP = "InferredStop", "Ended without a stop"
    REGISTER_MISMATCH = "RegisterMismatch", "Registers that make no sense"
    CLOCK_SKEW = "ClockSkew", "Ended before it began"
    SECOND_STOP = "SecondStop", "A stop after the end"
    SILENT_SESSION = "SilentSession", "Under way at a station that is away"
    ODD_SESSION = "OddSession", "Something else about a session"
    UNPLACED_READINGS = "UnplacedReadings", "Meter values of no session"
    REJECTED_CONNECTION = "RejectedConnection", "Refused connection attempts"
    UNKNOWN_CARD = "UnknownCard", "Unknown card"
    NO_EFFECT = "NoEffect", "Accepted, and nothing happened"
    SECURITY_EVENT = "SecurityEvent", "Security event"


# What stands in ``ChargingSession.review_reasons``, and the kind of case each one is.
REASONS: dict[str, ReviewKind] = {
    "NoStart": ReviewKind.ORPHANED_STOP,
    "NoStop": ReviewKind.INFERRED_STOP,
    "RegisterMismatch": ReviewKind.REGISTER_MISMATCH,
    "ClockSkew": ReviewKind.CLOCK_SKEW,
    "SecondStop": ReviewKind.SECOND_STOP,
    "Silent": ReviewKind.SILENT_SESSION,
}
# How a case of each kind may be settled: by the name of the service and of the dialog.
WAYS: dict[str, tuple[str, ...]] = {
    ReviewKind.ORPHANED_STOP: ("attach", "accept", "discard"),
    ReviewKind.INFERRED_STOP: ("accept", "discard"),
    ReviewKind.REGISTER_MISMATCH: ("accept", "discard"),
    ReviewKind.CLOCK_SKEW: ("accept", "discard"),
    ReviewKind.SECOND_STOP: ("accept", "discard"),
    ReviewKind.SILENT_SESSION: ("end", "accept", "discard"),
    ReviewKind.ODD_SESSION: ("accept", "discard"),
    ReviewKind.UNPLACED_READINGS: ("attach", "discard"),
    ReviewKind.REJECTED_CONNECTION: ("adopt_station", "discard"),
    ReviewKind.UNKNOWN_CARD: ("adopt_card", "discard"),
    ReviewKind.NO_EFFECT: ("acknowledge",),
    ReviewKind.SECURITY_EVENT: ("acknowledge",),
}


class ReviewState(models.TextChoices):
    """Whether somebody still has to look."""

    OPEN = "Open"
    SETTLED = "Settled"


class Resolution(models.TextChoices):
    """How a case was settled, each final."""

    ATTACHED = "Attached", "Attached to a session"
    ENERGY_ACCEPTED = "EnergyAccepted", "Energy accepted"
    DISCARDED = "Discarded", "Discarded"
    ADOPTED = "Adopted", "Adopted"
    ENDED_BY_OPERATOR = "EndedByOperator", "Ended by an operator"
    ACKNOWLEDGED = "Acknowledged", "Acknowledged"
    COMPLETED_BY_ITSELF = "CompletedByItself", "Completed by itself"


class ReviewCase(models.Model):
    """One thing to settle: its evidence while it is open, who decided what and why after that.

    ``cp_id`` and ``id_tag`` are what was presented, whoever presented it. The open cases of a
    session are the reasons on its row (``review_reasons``); services write both together.
    """

    kind = models.CharField(max_length=20, choices=ReviewKind)
    subject = models.CharField(max_length=300, editable=False)  # what makes two sightings one case
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.SET_NULL,
        null=True,
        related_name="review_cases",
        db_index=False,  # review_by_station begins with it
    )
    session = models.ForeignKey(
        "stations.ChargingSession", on_delete=models.CASCADE, null=True, related_name="review_cases"
    )
    cp_id = models.CharField("identity", max_length=255, blank=True)
    id_tag = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=100, blank=True)
    evidence = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveBigIntegerField(default=1)

    resolution = models.CharField(max_length=20, choices=Resolution, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    settled_by_name = models.CharField(max_length=150, blank=True)  # outlives the user
    why = models.TextField(blank=True)
    changes = models.JSONField(default=dict)  # of what: {field: [before, after]}

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        permissions = (("settle_reviewcase", "Can settle review case"),)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state="Open"), name="review_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="Open", settled_at__isnull=True)
                | (Q(state="Settled", settled_at__isnull=False) & ~Q(resolution="") & ~Q(why="")),
                name="review_settled_says_why",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-id"], condition=Q(state="Open"), name="review_open"),
            models.Index(fields=["kind", "-id"], name="review_by_kind"),
            models.Index(fields=["kind", "last_seen_at"], name="review_by_last_seen"),
            models.Index(fields=["station", "-id"], name="review_by_station"),
            models.Index(Upper("id_tag"), F("id").desc(), name="review_by_tag"),
            models.Index(Upper("cp_id"), F("id").desc(), name="review_by_cp_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look."""
        return self.state == ReviewState.OPEN

    @property
    def ways(self) -> tuple[str, ...]:
        """How it may be settled; empty where it is."""
        return WAYS[self.kind] if self.is_open else ()


class UnknownCard(ReviewCase):
    """The open cases of one kind as a list of their own: cards that were tapped, and by whom nobody

    knows. The rows are the queue's.
    """

    class Meta:
        proxy = True
        verbose_name = _("unknown card")
        verbose_name_plural = _("unknown cards")
        default_permissions = ("view",)
