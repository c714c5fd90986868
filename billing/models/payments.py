"""Payments through a provider: the wish, how it stands, what was given back, and its history."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.fields import MoneyField


class PaymentState(models.TextChoices):
    """Where a payment stands. It only moves forward; money that came is always the end of it."""

    CREATED = "Created"  # the provider has not been told yet, or has not answered
    PENDING = "Pending", "Waits for the customer"
    AUTHORISED = "Authorised", "Reserved"
    CAPTURING = "Capturing"
    CANCELLING = "Cancelling"
    CAPTURED = "Captured", "Paid"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


class PaymentPurpose(models.TextChoices):
    """What it pays for."""

    TOP_UP = "TopUp", "Top-up of a wallet"
    SESSION = "Session", "One charging session"


class RefundState(models.TextChoices):
    """Where a refund stands. A provider may say afterwards that one has failed after all."""

    CREATED = "Created"
    PENDING = "Pending", "Under way"
    REFUNDED = "Refunded"
    FAILED = "Failed"


class Work(models.Model):
    """What the provider is to be asked, and when (again); empty: nothing is left to do.

    ``token`` is its name at the provider: idempotency keys are made of it, so that another
    database never finds the payments of this one.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider_ref = models.CharField(max_length=100, blank=True)  # the provider's name for it
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)  # what somebody should look at
    requested_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)  # of what was asked for, to know a retry by

    class Meta:
        abstract = True


class Payment(Work):
    """One payment of a customer into a wallet. ``captured`` is what is to be taken, then was."""

    provider = models.CharField(max_length=20)
    purpose = models.CharField(max_length=10, choices=PaymentPurpose)
    state = models.CharField(max_length=10, choices=PaymentState, default=PaymentState.CREATED)
    wallet = models.ForeignKey(
        "billing.Account", on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    user = models.ForeignKey(  # whose sessions it may pay; empty for a company's top-up
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="payments",
    )
    station = models.ForeignKey(  # where the session is to begin; empty: anywhere
        "stations.ChargingStation", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    session = models.ForeignKey(
        "stations.ChargingSession",
        on_delete=models.PROTECT,
        null=True,
        related_name="payments",
    )
    currency = models.CharField(max_length=3)
    amount = MoneyField()
    captured = MoneyField(default=0)
    reference = models.CharField(max_length=100, blank=True)  # such as the number of a receipt
    expires_at = models.DateTimeField(null=True)  # given up then, where nothing became of it
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entry = models.OneToOneField(
        "billing.JournalEntry", on_delete=models.PROTECT, null=True, related_name="payment"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (
            ("record_payment", "Can record cash payments and begin payments of others"),
            ("refund_payment", "Can refund a payment"),
            ("retry_payment", "Can have a payment tried again"),
        )
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, captured__gte=0, captured__lte=F("amount")),
                name="payment_takes_no_more_than_agreed",
            ),
            models.CheckConstraint(
                condition=Q(state="Captured", entry__isnull=False, captured__gt=0)
                | ~Q(state="Captured") & Q(entry__isnull=True),
                name="payment_captured_is_booked",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider_ref=""),
                name="payment_once_at_its_provider",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="payment_to_do",
            ),
            models.Index(
                fields=["id"], condition=Q(state__in=["Pending", "Authorised"]), name="payment_open"
            ),
            models.Index(fields=["wallet", "-id"], name="payment_by_wallet"),
            models.Index(fields=["state", "-id"], name="payment_by_state"),
            models.Index(fields=["-id"], condition=~Q(error=""), name="payment_with_an_error"),
        ]

    def __str__(self) -> str:
        return f"Payment #{self.pk}"


class PaymentRefund(Work):
    """A part of a payment that goes back. Its amount left the wallet when it was asked for."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    state = models.CharField(max_length=10, choices=RefundState, default=RefundState.CREATED)
    amount = MoneyField()
    reason = models.TextField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entry = models.OneToOneField(
        "billing.JournalEntry", on_delete=models.PROTECT, related_name="payment_refund"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_refund_of_something"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="payment_refund_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"Refund #{self.pk} of payment {self.payment_id}"


class PaymentEvent(models.Model):
    """Something that happened to a payment: a step, an attempt that failed, a provider's word."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    at = models.DateTimeField()
    what = models.CharField(max_length=100)
    state = models.CharField(max_length=10)  # of the payment, after it
    detail = models.CharField(max_length=300, blank=True)
    event_id = models.CharField(max_length=100, blank=True)  # the provider's: it counts once

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["payment", "event_id"],
                condition=~Q(event_id=""),
                name="payment_event_counts_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["payment", "-id"], name="payment_event_by_payment")
        ]

    def __str__(self) -> str:
        return f"{self.what} of payment {self.payment_id}"
