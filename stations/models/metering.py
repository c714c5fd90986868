"""MeterValue: one element of a MeterValues message, normalised, with the raw text kept."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class MeterValue(models.Model):
    """What a connector's meter showed at one moment, in Wh, W, A, V and %.

    One row per element, not per sampled value (PERFORMANCE.md section 3). The natural key makes
    a repeated message harmless: same connector, same moment, same content.
    """

    connector = models.ForeignKey(
        "stations.Connector",
        on_delete=models.CASCADE,
        related_name="meter_values",
        db_constraint=False,
        db_index=False,  # the natural key begins with it
    )
    session = models.ForeignKey(
        "stations.ChargingSession",
        on_delete=models.CASCADE,
        null=True,
        related_name="meter_values",
        db_constraint=False,
        db_index=False,  # meter_value_of_session begins with it
    )
    reported_transaction_id = models.BigIntegerField(null=True)
    sampled_at = models.DateTimeField()
    sampled_at_raw = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()
    context = models.CharField(max_length=40, blank=True)
    energy_wh = models.BigIntegerField(null=True)
    power_w = models.BigIntegerField(null=True)
    current_a = models.FloatField(null=True)
    voltage_v = models.FloatField(null=True)
    soc_percent = models.FloatField(null=True)
    raw = models.TextField()  # the sampledValue list as it came
    fingerprint = models.BigIntegerField()
    # It came with a stop that named no session (-1), and goes where that stop goes
    with_stop = models.BooleanField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connector", "sampled_at", "fingerprint"], name="meter_value_natural_key"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["session", "sampled_at"], name="meter_value_of_session"),
            # Few: what names a session nobody knows, until it is looked at (services/unplaced.py)
            models.Index(
                fields=["session", "received_at"],  # so that SQLite prefers it to the one above
                condition=Q(session__isnull=True, reported_transaction_id__isnull=False),
                name="meter_value_unplaced",
            ),
            # Few as well: sent under -1 or 0, filed by their time (services/filing.py)
            models.Index(
                fields=["connector", "sampled_at"],
                condition=Q(reported_transaction_id__lte=0),
                name="meter_value_nameless",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.energy_wh} Wh at {self.sampled_at:%Y-%m-%d %H:%M:%S}"
