"""What sessions are to cost and what they cost: the frozen tariff, bills, and their reversals."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.fields import MoneyField
from billing.models.keeping import kept
from billing.models.tariffs import LEVELS


class BillingState(models.TextChoices):
    """Whether a session still has to be billed."""

    DUE = "Due", "To be billed"
    BILLED = "Billed"
    NOTHING = "Nothing", "Not to be billed"  # discarded, or counted in another session


class SessionTariff(models.Model):
    """The tariff of a session, frozen when it began; the row is also the work of billing it."""

    session = models.OneToOneField(
        "stations.ChargingSession",
        on_delete=models.CASCADE,  # an orphan goes when its session is found
        primary_key=True,
        related_name="tariff",
    )
    version = models.ForeignKey("billing.TariffVersion", on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=10, choices=[(name, name) for name in LEVELS])
    frozen_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=BillingState, default=BillingState.DUE)
    error = models.CharField(max_length=300, blank=True)  # why the last try made no bill
    tried_at = models.DateTimeField(null=True)
    # Of a bill that stands: when to look again whether it fits; since when it does not, and why
    check_at = models.DateTimeField(null=True)
    misfit_since = models.DateTimeField(null=True)
    misfit = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session"], condition=Q(state="Due"), name="session_tariff_due"),
            models.Index(
                fields=["check_at"],
                condition=Q(check_at__isnull=False),
                name="session_tariff_check",
            ),
            models.Index(
                fields=["session"],
                condition=Q(misfit_since__isnull=False),
                name="session_tariff_misfit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} for session {self.session_id}"


class BillKind(models.TextChoices):
    """A bill, or what takes one back: the same with the opposite sign."""

    BILL = "Bill"
    REVERSAL = "Reversal"


class SessionBill(models.Model):
    """What a session cost, or minus that. Rows never change: a new price is a reversal and a bill.

    So what is billed in a period is the sum of its rows by ``billed_at``. Energy is in Wh,
    times in seconds; both have the sign of the bill.
    """

    session = models.ForeignKey(
        "stations.ChargingSession", on_delete=models.PROTECT, related_name="bills", db_index=False
    )
    revision = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=BillKind, default=BillKind.BILL)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    version = models.ForeignKey("billing.TariffVersion", on_delete=models.PROTECT, related_name="+")
    # What counted when it was billed: where the station stood, who held the card, and its group.
    # The indexes are for whoever wants to delete one of these, and may not.
    site = models.ForeignKey("stations.Site", on_delete=kept, null=True, related_name="+")
    driver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=kept, null=True, related_name="+"
    )
    card_group = models.ForeignKey("rfid.CardGroup", on_delete=kept, null=True, related_name="+")
    wallet = models.ForeignKey(  # empty: nobody known has to pay
        "billing.Account", on_delete=models.PROTECT, null=True, related_name="bills", db_index=False
    )
    entry = models.OneToOneField(  # empty: it came to nothing
        "billing.JournalEntry", on_delete=models.PROTECT, null=True, related_name="bill"
    )
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2, blank=True)  # whose tax it is
    tax_included = models.BooleanField(default=False)  # in the unit prices of its lines
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    energy_wh = models.BigIntegerField()
    charging_seconds = models.BigIntegerField()
    idle_seconds = models.BigIntegerField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    states = models.JSONField(default=list)  # [moment, idle]: what the idle time was priced from
    billed_at = models.DateTimeField()
    reason = models.TextField(blank=True)  # of a reversal and the bill after it
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (
            ("reprice_sessionbill", "Can price a session anew"),
            ("view_report", "Can see and export billing reports"),
        )
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "revision"], name="bill_revision_unique"),
            models.CheckConstraint(
                condition=Q(kind="Bill", reverses__isnull=True, gross__gte=0)
                | Q(kind="Reversal", reverses__isnull=False, gross__lte=0),
                name="bill_has_the_sign_of_its_kind",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["billed_at", "id"], name="bill_by_time"),
            models.Index(fields=["wallet", "-id"], name="bill_by_wallet"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk} of session {self.session_id}"


class BillLine(models.Model):
    """One line of a bill: rounded once, with the reasons for it (billing/rating/wording.py)."""

    bill = models.ForeignKey(
        SessionBill, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    quantity = models.DecimalField(max_digits=20, decimal_places=6)
    unit = models.CharField(max_length=5)
    unit_price = models.DecimalField(max_digits=15, decimal_places=6)
    reduction = MoneyField()
    tax_rate = models.DecimalField(max_digits=9, decimal_places=6)
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    why = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar[list[str]] = ["bill", "number"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["bill", "number"], name="bill_line_unique")
        ]

    def __str__(self) -> str:
        return f"line {self.number} of bill {self.bill_id}"
