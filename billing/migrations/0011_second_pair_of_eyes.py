"""Corrections that wait for another person, and the limits above which they do."""

import billing.models.corrections
import billing.models.fields
import billing.models.keeping
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from billing.migrations._asked import Decided


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_payments_stay"),
        ("stations", "0023_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CorrectionLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "currency",
                    models.CharField(
                        help_text="ISO 4217, such as EUR",
                        max_length=3,
                        unique=True,
                        validators=[billing.models.corrections.known_currency],
                    ),
                ),
                (
                    "amount",
                    billing.models.fields.MoneyField(
                        decimal_places=4,
                        help_text="Corrections above this amount need another person",
                        max_digits=19,
                    ),
                ),
            ],
            options={
                "ordering": ["currency"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", Decimal("0"))),
                        name="correction_limit_not_negative",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectionRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("Reprice", "Price a session anew"),
                            ("Refund", "Refund of a charge"),
                            ("SessionRefund", "Refund of a session"),
                            ("Credit", "Credit note for an invoice"),
                            ("Reversal", "Reversal of an entry"),
                            ("PayOut", "Pay out of a wallet"),
                            ("PaymentRefund", "Refund of a payment"),
                        ],
                        max_length=13,
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=200, unique=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("parameters", models.JSONField()),
                ("facts", models.JSONField(default=dict)),
                (
                    "about",
                    models.CharField(
                        help_text="Such as session/4711 or invoice/12", max_length=100
                    ),
                ),
                ("amount", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("currency", models.CharField(max_length=3)),
                ("before", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("after", billing.models.fields.MoneyField(decimal_places=4, max_digits=19)),
                ("reason", models.TextField()),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("Waiting", "Waits for another person"),
                            ("Approved", "Approved and booked"),
                            ("Rejected", "Rejected"),
                            ("Withdrawn", "Withdrawn"),
                            ("Stale", "Out of date: nothing was booked"),
                        ],
                        default="Waiting",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="billing.journalentry",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="stations.chargingsession",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        null=True,
                        on_delete=billing.models.keeping.kept,
                        related_name="+",
                        to="stations.site",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": (("approve_correction", "Can approve corrections of others"),),
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["state", "-id"], name="correction_by_state"),
                    models.Index(
                        condition=models.Q(("state", "Waiting")),
                        fields=["asked_at"],
                        name="correction_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", Decimal("0"))), name="correction_of_some"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("state", "Waiting"),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by", models.F("asked_by")),
                                ("state", "Withdrawn"),
                            ),
                            models.Q(
                                ("state__in", ["Approved", "Rejected", "Stale"]),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="correction_decided_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry__isnull", False), ("state", "Approved")),
                            models.Q(
                                models.Q(("state", "Approved"), _negated=True),
                                ("entry__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="correction_booked_where_approved",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "Waiting")),
                        fields=("about",),
                        name="correction_waits_once",
                    ),
                ],
            },
        ),
        Decided(),
    ]
