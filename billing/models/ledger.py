"""The ledger: accounts, journal entries and postings; balanced and kept by the database itself.

An amount above zero is a credit: what we owe a customer and what we earn grow with it. Below zero
it is a debit: what we have (cash, a provider's payout under way) and what customers owe us.

The order of writing is the seal: an entry's postings come first, the entry last, all in one
transaction. Triggers (migrations/_guards.py) then refuse an entry that does not sum to zero in each
currency, postings for an entry that exists, and every later change.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.fields import MoneyField

GUARDS = (  # triggers by these names have to be there: verify_ledger looks
    *("billing_account_made", "billing_account_kept", "billing_account_stays"),
    *("billing_posting_booked", "billing_posting_kept", "billing_posting_stays"),
    *("billing_entry_balanced", "billing_entry_kept", "billing_entry_stays"),
    *("billing_period_next", "billing_period_kept", "billing_period_stays"),
    *("billing_bill_in_open_period", "billing_posting_in_open_period"),
)


class AccountKind(models.TextChoices):
    """What an account is for."""

    WALLET = "Wallet"
    HELD = "Held", "Held for sessions"
    OWED = "Owed", "Owed by a customer"
    INCOME = "Income"
    TAX = "Tax"
    CASH = "Cash"
    CLEARING = "Clearing", "Payment provider"
    ADJUSTMENT = "Adjustment"
    UNASSIGNED = "Unassigned", "Charged to nobody"


CUSTOMERS = (AccountKind.WALLET, AccountKind.HELD, AccountKind.OWED)  # one of each per wallet
INCOME_AND_TAX = (AccountKind.INCOME, AccountKind.TAX)  # what a billing period closes
# A debit makes these grow.
ASSETS = (AccountKind.OWED, AccountKind.CASH, AccountKind.CLEARING, AccountKind.UNASSIGNED)


class Policy(models.TextChoices):
    """When a customer pays."""

    PREPAID = "Prepaid", "Before charging"
    POSTPAID = "Postpaid", "By a bill, up to a credit limit"


class EntryKind(models.TextChoices):
    """What happened."""

    TOP_UP = "TopUp", "Top-up"
    HOLD = "Hold", "Held for a session"
    RELEASE = "Release", "Hold released"
    CHARGE = "Charge", "Charging"
    COLLECTION = "Collection", "Owed amount settled"
    REFUND = "Refund"
    CREDIT_NOTE = "CreditNote", "Credit note"
    PAY_OUT = "PayOut", "Paid out"
    ADJUSTMENT = "Adjustment"
    REVERSAL = "Reversal"


class Account(models.Model):
    """Where amounts of one currency are kept. ``code`` names it, and with it what never changes.

    ``balance`` is written by the database alone, as postings come. It never goes below ``floor``
    (a credit limit below zero); no floor: no limit.
    """

    code = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=AccountKind)
    currency = models.CharField(max_length=3, help_text="ISO 4217, such as EUR")
    name = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
    )
    company = models.ForeignKey(
        "billing.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    wallet = models.ForeignKey(  # of what is held and owed: whose
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="sides"
    )
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.PREPAID)
    floor = MoneyField(null=True, blank=True)
    balance = MoneyField(default=Decimal(0))
    country = models.CharField(max_length=2, blank=True)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    opened_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (
            ("open_wallet", "Can open a wallet"),
            ("top_up_wallet", "Can top up a wallet"),
            ("refund_wallet", "Can refund to a wallet"),
            ("pay_out_wallet", "Can pay out of a wallet"),
            ("limit_wallet", "Can set the credit limit of a wallet"),
        )
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")),
                name="account_not_below_its_floor",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["Wallet", "Held"])
                | Q(floor__isnull=False, floor__lte=Decimal(0)),
                name="account_of_a_customer_has_a_floor",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["Wallet", "Held", "Owed"], user__isnull=False)
                & Q(company__isnull=True)
                | Q(kind__in=["Wallet", "Held", "Owed"], company__isnull=False)
                & Q(user__isnull=True)
                | ~Q(kind__in=["Wallet", "Held", "Owed"])
                & Q(user__isnull=True, company__isnull=True),
                name="account_of_one_customer_or_ours",
            ),
            models.UniqueConstraint(fields=["wallet", "kind"], name="account_one_side_of_a_kind"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "-id"], name="account_by_kind")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"

    @property
    def credit_limit(self) -> Decimal:
        """How far below zero it may go."""
        return Decimal(0) if self.floor is None else -self.floor

    @property
    def available(self) -> Decimal:
        """What can still be spent from it."""
        return self.balance + self.credit_limit

    @property
    def natural_balance(self) -> Decimal:
        """The balance as an accountant writes it: what we have, too, is above zero."""
        return -self.balance if self.kind in ASSETS else self.balance


class JournalEntry(models.Model):
    """Something that happened to money, once for each idempotency key; it is never changed.

    ``at`` is when it happened, ``booked_at`` when we wrote it down: periods go by the second.
    """

    kind = models.CharField(max_length=12, choices=EntryKind)
    idempotency_key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)  # of what was asked for, to know a retry by
    at = models.DateTimeField()
    booked_at = models.DateTimeField()
    reference = models.CharField(max_length=100, blank=True, help_text="Such as session/4711")
    description = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversed_by"
    )
    closes = models.OneToOneField(  # the hold that ends with it
        "self", on_delete=models.PROTECT, null=True, related_name="closed_by"
    )
    corrects = models.ForeignKey(  # the charge it gives a part of back
        "self", on_delete=models.PROTECT, null=True, related_name="corrected_by"
    )

    class Meta:
        verbose_name_plural = "journal entries"
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (("reverse_journalentry", "Can reverse journal entry"),)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(kind="Reversal", reverses__isnull=False)
                | ~Q(kind="Reversal") & Q(reverses__isnull=True),
                name="entry_reversal_names_what_it_reverses",
            ),
            models.CheckConstraint(
                condition=Q(kind="Release", closes__isnull=False)
                | ~Q(kind="Release") & Q(closes__isnull=True),
                name="entry_release_names_its_hold",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["reference", "-id"], name="entry_by_reference"),
            models.Index(fields=["kind", "-id"], name="entry_by_kind"),
            models.Index(fields=["booked_at"], name="entry_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Posting(models.Model):
    """What an entry does to one account, and the account's balance after it."""

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="postings", db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="postings", db_index=False
    )
    amount = MoneyField()
    balance_after = MoneyField()
    booked_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["entry", "account"], name="posting_once_per_account"),
            models.CheckConstraint(condition=~Q(amount=Decimal(0)), name="posting_of_something"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "id"], name="posting_by_account"),
            models.Index(fields=["account", "booked_at"], name="posting_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} on account {self.account_id}"
