"""BillingPeriod: what was billed in a time that is closed, with a seal; nothing is added to it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.keeping import kept


class BillingPeriod(models.Model):
    """A closed time, numbered without gaps, each beginning where the one before it ended.

    Whatever lies before the end of the newest one is closed: the database takes no bill, and
    nothing on income and tax, with a time before it (migrations/_closed.py). ``snapshot`` is what
    billing/reports/figures.py said when it was closed; ``hash`` seals the row and, through
    ``previous_hash``, all before it (billing/services/seals.py).
    """

    number = models.PositiveIntegerField(primary_key=True)
    since = models.DateTimeField()
    until = models.DateTimeField()  # not included
    zone = models.CharField(max_length=50)  # by whose clocks it is so many days
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=kept, null=True, related_name="+"
    )
    note = models.TextField(blank=True)  # why sessions were left open
    snapshot = models.JSONField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)  # of what was asked for, to know a retry by

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        default_permissions = ("view",)
        permissions = (("close_period", "Can close billing periods"),)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(since__lt=F("until")), name="period_has_a_length")
        ]

    def __str__(self) -> str:
        return f"Period {self.number}"
