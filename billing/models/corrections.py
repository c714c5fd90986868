"""Corrections that wait for another person, and above which amount they have to."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from billing.models.fields import MoneyField
from billing.models.keeping import kept
from cms.shared import money
from cms.shared.models import Timestamped


def known_currency(code: str) -> None:
    """Raise ValidationError where ``code`` is no currency."""
    if code not in money.DECIMALS:
        raise ValidationError("should be a currency such as EUR")


class CorrectionLimit(Timestamped):
    """Corrections above ``amount`` in this currency need another person; without a row none do."""

    currency = models.CharField(
        max_length=3, unique=True, validators=[known_currency], help_text="ISO 4217, such as EUR"
    )
    amount = MoneyField(help_text="Corrections above this amount need another person")

    class Meta:
        ordering: ClassVar[list[str]] = ["currency"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(amount__gte=Decimal(0)), name="correction_limit_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{money.rounded(self.amount, self.currency):f} {self.currency}"

    def clean(self) -> None:
        """The amount is in whole minor units, and not negative."""
        if not self.amount or self.currency not in money.DECIMALS:
            return
        if self.amount < 0 or not money.is_whole(self.amount, self.currency):
            places = money.decimals(self.currency)
            message = f"should not be negative, with at most {places} decimals in {self.currency}"
            raise ValidationError({"amount": message})


class CorrectionKind(models.TextChoices):
    """What is asked for."""

    REPRICE = "Reprice", "Price a session anew"
    REFUND = "Refund", "Refund of a charge"
    SESSION_REFUND = "SessionRefund", "Refund of a session"
    CREDIT = "Credit", "Credit note for an invoice"
    REVERSAL = "Reversal", "Reversal of an entry"
    PAY_OUT = "PayOut", "Pay out of a wallet"
    PAYMENT_REFUND = "PaymentRefund", "Refund of a payment"


class CorrectionState(models.TextChoices):
    """What became of it."""

    WAITING = "Waiting", "Waits for another person"
    APPROVED = "Approved", "Approved and booked"
    REJECTED = "Rejected"
    WITHDRAWN = "Withdrawn"
    STALE = "Stale", "Out of date: nothing was booked"


_BY_ANOTHER = Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by"))


class CorrectionRequest(models.Model):
    """A correction somebody asked for and another person decides; nothing is booked before.

    ``parameters`` are exactly what is carried out; ``facts`` is how things were when it was asked
    for: where they are otherwise by then, it is not. ``amount`` is by how much a customer's money
    changes, without its sign; ``before`` and ``after`` are of what it is about.
    """

    kind = models.CharField(max_length=13, choices=CorrectionKind)
    idempotency_key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)  # of what was asked for, to know a retry by
    parameters = models.JSONField()
    facts = models.JSONField(default=dict)
    about = models.CharField(max_length=100, help_text="Such as session/4711 or invoice/12")
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    before = MoneyField()
    after = MoneyField()
    reason = models.TextField()
    session = models.ForeignKey(
        "stations.ChargingSession", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    site = models.ForeignKey("stations.Site", on_delete=kept, null=True, related_name="+")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=CorrectionState, default=CorrectionState.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)  # why it was rejected, or is out of date
    entry = models.OneToOneField(  # what it booked
        "billing.JournalEntry", on_delete=models.PROTECT, null=True, related_name="correction"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (("approve_correction", "Can approve corrections of others"),)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(amount__gt=Decimal(0)), name="correction_of_some"),
            models.CheckConstraint(
                condition=Q(state="Waiting", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="Withdrawn", decided_by=F("asked_by"), decided_at__isnull=False)
                | Q(state__in=["Approved", "Rejected", "Stale"]) & _BY_ANOTHER,
                name="correction_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="Approved", entry__isnull=False)
                | ~Q(state="Approved") & Q(entry__isnull=True),
                name="correction_booked_where_approved",
            ),
            models.UniqueConstraint(
                fields=["about"], condition=Q(state="Waiting"), name="correction_waits_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "-id"], name="correction_by_state"),
            models.Index(
                fields=["asked_at"], condition=Q(state="Waiting"), name="correction_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"Correction #{self.pk}"

    @property
    def waits(self) -> bool:
        """Whether nobody has decided yet."""
        return self.state == CorrectionState.WAITING
