"""Invoices and credit notes: numbered without gaps in each series, chained, and never changed.

The order of writing is the seal, as in the ledger: an invoice's lines come first, the invoice
last. Triggers (migrations/_sealed.py) then refuse more lines, and an invoice whose number does not
follow the one before it or whose totals are not those of its lines.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from billing.models.fields import MoneyField
from cms.shared.models import Timestamped

INVOICE_GUARDS = ("billing_invoice_follows", "billing_invoiceline_open")
_PREFIX = RegexValidator(
    r"^[A-Za-z0-9/._-]*(\{year\})?[A-Za-z0-9/._-]*(?<![0-9])\Z",
    "Letters, digits, - / . _ and {year}; the last one is no digit",
)


def known_zone(name: str) -> None:
    """Raise ValidationError where ``name`` is no time zone; empty is the system's own."""
    try:
        if name:
            ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValidationError("should be a time zone such as Europe/Berlin") from None


class Issuer(Timestamped):
    """Who issues invoices: one row. Invoices keep what it said when they were issued."""

    only = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True, help_text="As it stands on an invoice")
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as DE")
    tax_number = models.CharField(max_length=50, blank=True, help_text="VAT identification number")
    contact = models.CharField(max_length=200, blank=True, help_text="E-mail or telephone")
    bank = models.CharField(max_length=200, blank=True, help_text="Such as IBAN and BIC")
    note = models.TextField(blank=True, help_text="Stands below every invoice")
    payment_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(365)], help_text="For customers who pay by bill"
    )
    time_zone = models.CharField(
        max_length=50,
        blank=True,
        validators=[known_zone],
        help_text="By whose clocks months end, such as Europe/Berlin; empty: the system's",
    )
    invoice_prefix = models.CharField(
        max_length=24,
        default="INV-{year}-",
        validators=[_PREFIX],
        help_text="Before the number; another prefix, or year in it, begins another series",
    )
    credit_prefix = models.CharField(max_length=24, default="CN-{year}-", validators=[_PREFIX])
    digits = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )

    class Meta:
        verbose_name_plural = "issuer"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(only=1), name="issuer_is_one")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> str:
        """The time zone months end by."""
        return self.time_zone or settings.TIME_ZONE


class InvoiceSeries(models.Model):
    """Numbers with one prefix. Whoever issues locks the row, takes the number and counts on."""

    code = models.CharField(max_length=30, unique=True)
    next_number = models.PositiveIntegerField(default=1)
    last_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "invoice series"
        default_permissions = ()

    def __str__(self) -> str:
        return self.code


class InvoiceRun(models.Model):
    """All that was due from before ``until`` was invoiced: nobody has to look there again."""

    until = models.DateTimeField(unique=True)
    finished_at = models.DateTimeField()
    issued = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"until {self.until}"


class InvoiceKind(models.TextChoices):
    """What is asked for, or what is given back."""

    INVOICE = "Invoice"
    CREDIT_NOTE = "CreditNote", "Credit note"


class Invoice(models.Model):
    """An invoice, or a credit note: amounts of that one are below zero.

    Who issues and who receives it are texts as they were then. ``since`` and ``until`` are when
    its lines were booked; ``zone`` is by whose clocks its days are shown.
    """

    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sequence = models.PositiveIntegerField()
    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=InvoiceKind)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrected_by"
    )
    wallet = models.ForeignKey(
        "billing.Account", on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    recipient_name = models.CharField(max_length=200)
    recipient_address = models.TextField(blank=True)
    recipient_country = models.CharField(max_length=2, blank=True)
    recipient_tax_number = models.CharField(max_length=50, blank=True)
    issuer_name = models.CharField(max_length=200)
    issuer_address = models.TextField(blank=True)
    issuer_country = models.CharField(max_length=2, blank=True)
    issuer_tax_number = models.CharField(max_length=50, blank=True)
    issuer_contact = models.CharField(max_length=200, blank=True)
    issuer_bank = models.CharField(max_length=200, blank=True)
    issuer_note = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    since = models.DateTimeField()
    until = models.DateTimeField()
    zone = models.CharField(max_length=50)
    issued_at = models.DateTimeField()
    due_on = models.DateField(null=True)  # empty: nothing is to be paid
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    payable = MoneyField(default=Decimal(0))  # what was not paid when it was issued
    taxes = models.JSONField(default=list)  # [country, rate, net, tax]: amounts as texts
    reason = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        default_permissions = ("view",)
        permissions = (
            ("issue_invoice", "Can issue invoices"),
            ("credit_invoice", "Can credit invoices"),
        )
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["series", "sequence"], name="invoice_number_unique"),
            models.CheckConstraint(
                condition=Q(kind="Invoice", gross__gte=Decimal(0), corrects__isnull=True)
                | Q(kind="CreditNote", gross__lte=Decimal(0)),
                name="invoice_has_the_sign_of_its_kind",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["wallet", "-id"], name="invoice_by_wallet"),
            models.Index(fields=["issued_at", "id"], name="invoice_by_time"),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """A bill or a reversal, or a ledger entry that gives back: each stands on one invoice only."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    position = models.PositiveIntegerField()
    bill = models.OneToOneField(
        "billing.SessionBill", on_delete=models.PROTECT, null=True, related_name="invoice_line"
    )
    entry = models.OneToOneField(
        "billing.JournalEntry", on_delete=models.PROTECT, null=True, related_name="invoice_line"
    )
    text = models.CharField(max_length=500)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    energy_wh = models.BigIntegerField(default=0)
    net = MoneyField()
    tax = MoneyField()
    gross = MoneyField()
    taxes = models.JSONField(default=list)  # as those of the invoice

    class Meta:
        ordering: ClassVar[list[str]] = ["invoice", "position"]
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_unique"),
            models.CheckConstraint(
                condition=Q(bill__isnull=False, entry__isnull=True)
                | Q(bill__isnull=True, entry__isnull=False),
                name="invoice_line_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of invoice {self.invoice_id}"
