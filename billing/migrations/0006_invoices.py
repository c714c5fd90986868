"""Invoices, their lines and series, who issues them: numbered without gaps, chained, frozen."""

import billing.models.fields
import billing.models.invoices
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from billing.migrations._frozen import INVOICES, Frozen
from billing.migrations._sealed import Sealed


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_payments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InvoiceRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField(unique=True)),
                ("finished_at", models.DateTimeField()),
                ("issued", models.PositiveIntegerField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="InvoiceSeries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=30, unique=True)),
                ("next_number", models.PositiveIntegerField(default=1)),
                ("last_hash", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "verbose_name_plural": "invoice series",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("Invoice", "Invoice"), ("CreditNote", "Credit note")],
                        max_length=10,
                    ),
                ),
                ("recipient_name", models.CharField(max_length=200)),
                ("recipient_address", models.TextField(blank=True)),
                ("recipient_country", models.CharField(blank=True, max_length=2)),
                ("recipient_tax_number", models.CharField(blank=True, max_length=50)),
                ("issuer_name", models.CharField(max_length=200)),
                ("issuer_address", models.TextField(blank=True)),
                ("issuer_country", models.CharField(blank=True, max_length=2)),
                ("issuer_tax_number", models.CharField(blank=True, max_length=50)),
                ("issuer_contact", models.CharField(blank=True, max_length=200)),
                ("issuer_bank", models.CharField(blank=True, max_length=200)),
                ("issuer_note", models.TextField(blank=True)),
                ("currency", models.CharField(max_length=3)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("zone", models.CharField(max_length=50)),
                ("issued_at", models.DateTimeField()),
                ("due_on", models.DateField(null=True)),
                ("net", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("tax", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("gross", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                (
                    "payable",
                    billing.models.fields.MoneyField(
                        default=Decimal("0"), max_digits=19, decimal_places=4
                    ),
                ),
                ("taxes", models.JSONField(default=list)),
                ("reason", models.TextField(blank=True)),
                ("previous_hash", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrected_by",
                        to="billing.invoice",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="billing.account",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceseries",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": (
                    ("issue_invoice", "Can issue invoices"),
                    ("credit_invoice", "Can credit invoices"),
                ),
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Issuer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("only", models.PositiveSmallIntegerField(default=1, editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("address", models.TextField(blank=True, help_text="As it stands on an invoice")),
                (
                    "country",
                    models.CharField(blank=True, help_text="Two letters, such as DE", max_length=2),
                ),
                (
                    "tax_number",
                    models.CharField(
                        blank=True, help_text="VAT identification number", max_length=50
                    ),
                ),
                (
                    "contact",
                    models.CharField(blank=True, help_text="E-mail or telephone", max_length=200),
                ),
                (
                    "bank",
                    models.CharField(blank=True, help_text="Such as IBAN and BIC", max_length=200),
                ),
                ("note", models.TextField(blank=True, help_text="Stands below every invoice")),
                (
                    "payment_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        help_text="For customers who pay by bill",
                        validators=[django.core.validators.MaxValueValidator(365)],
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        help_text="By whose clocks months end, such as Europe/Berlin; empty: the system's",
                        max_length=50,
                        validators=[billing.models.invoices.known_zone],
                    ),
                ),
                (
                    "invoice_prefix",
                    models.CharField(
                        default="INV-{year}-",
                        help_text="Before the number; another prefix, or year in it, begins another series",
                        max_length=24,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9/._-]*(\\{year\\})?[A-Za-z0-9/._-]*(?<![0-9])\\Z",
                                "Letters, digits, - / . _ and {year}; the last one is no digit",
                            )
                        ],
                    ),
                ),
                (
                    "credit_prefix",
                    models.CharField(
                        default="CN-{year}-",
                        max_length=24,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9/._-]*(\\{year\\})?[A-Za-z0-9/._-]*(?<![0-9])\\Z",
                                "Letters, digits, - / . _ and {year}; the last one is no digit",
                            )
                        ],
                    ),
                ),
                (
                    "digits",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ],
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "issuer",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("only", 1)), name="issuer_is_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=500)),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField()),
                ("energy_wh", models.BigIntegerField(default=0)),
                ("net", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("tax", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("gross", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("taxes", models.JSONField(default=list)),
                (
                    "bill",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_line",
                        to="billing.sessionbill",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoice_line",
                        to="billing.journalentry",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.invoice",
                    ),
                ),
            ],
            options={
                "ordering": ["invoice", "position"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "position"), name="invoice_line_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bill__isnull", False), ("entry__isnull", True)),
                            models.Q(("bill__isnull", True), ("entry__isnull", False)),
                            _connector="OR",
                        ),
                        name="invoice_line_of_one_thing",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["wallet", "-id"], name="invoice_by_wallet"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["issued_at", "id"], name="invoice_by_time"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=("series", "sequence"), name="invoice_number_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("corrects__isnull", True),
                        ("gross__gte", Decimal("0")),
                        ("kind", "Invoice"),
                    ),
                    models.Q(("gross__lte", Decimal("0")), ("kind", "CreditNote")),
                    _connector="OR",
                ),
                name="invoice_has_the_sign_of_its_kind",
            ),
        ),
        Sealed(),
        Frozen(INVOICES),
    ]
