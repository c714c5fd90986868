"""What the stock way stores: one row per MeterValues message."""

from __future__ import annotations

from django.db import models


class MeterValue(models.Model):
    """One set of sampled values: the measurands as columns, the list as it came."""

    station = models.CharField(max_length=64)
    connector_id = models.IntegerField()
    transaction_id = models.BigIntegerField()
    at = models.DateTimeField()
    raw = models.JSONField()
    energy_wh = models.BigIntegerField(null=True)
    power_w = models.IntegerField(null=True)
    current_a = models.FloatField(null=True)
    voltage_v = models.FloatField(null=True)
    soc_percent = models.FloatField(null=True)
    temperature_c = models.FloatField(null=True)

    objects: models.Manager[MeterValue] = models.Manager()

    class Meta:
        app_label = "stock"
        indexes = [models.Index(fields=["transaction_id", "at"])]
