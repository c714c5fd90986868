"""ChargingSession: what OCPP 1.6 calls a transaction."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

MAX_TRANSACTION_ID = 2**31 - 1  # real stations keep it in 32 bits, though OCPP says only integer


class SessionStatus(models.TextChoices):
    """Where a session stands."""

    ACTIVE = "Active", "Under way"
    COMPLETED = "Completed", "Completed"
    INFERRED = "Inferred", "Ended without a stop"  # another fact showed that it was over
    ORPHANED = "Orphaned", "Stop without a start"


OPEN_ENDED = (SessionStatus.ACTIVE, SessionStatus.INFERRED)  # no stop ended it yet


class ChargingSession(models.Model):
    """One charging session. Its primary key *is* the OCPP transaction id.

    So one database sequence gives them, from 1 to 2147483647, and none is ever used twice.
    Energy is in Wh, power in W, times are UTC; a ``_raw`` text is what the station sent.
    """

    transaction_id = models.AutoField(primary_key=True)
    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.PROTECT,
        related_name="sessions",
        db_index=False,  # session_by_station begins with it
    )
    connector = models.ForeignKey(
        "stations.Connector",
        on_delete=models.PROTECT,
        null=True,
        related_name="sessions",
        db_index=False,  # session_by_connector begins with it
    )
    card = models.ForeignKey(
        "rfid.RfidCard",
        on_delete=models.SET_NULL,
        null=True,
        related_name="sessions",
        db_index=False,  # session_by_card begins with it
    )
    id_tag = models.CharField(max_length=255)
    authorization = models.CharField(max_length=20)  # the idTagInfo status we answered
    status = models.CharField(max_length=10, choices=SessionStatus, default=SessionStatus.ACTIVE)

    started_at = models.DateTimeField(null=True)
    started_at_raw = models.CharField(max_length=64, blank=True)
    start_received_at = models.DateTimeField(null=True)
    meter_start_wh = models.BigIntegerField(null=True)

    stopped_at = models.DateTimeField(null=True)
    stopped_at_raw = models.CharField(max_length=64, blank=True)
    stop_received_at = models.DateTimeField(null=True)
    meter_stop_wh = models.BigIntegerField(null=True)
    stop_reason = models.CharField(max_length=50, blank=True)
    stop_id_tag = models.CharField(max_length=255, blank=True)
    # What the station called it, where that is not our transaction id (-1 after an offline start)
    reported_transaction_id = models.BigIntegerField(null=True)

    # Denormalised from its meter values: the last of each by event time
    energy_wh = models.BigIntegerField(default=0)
    power_w = models.BigIntegerField(null=True)
    soc_percent = models.FloatField(null=True)
    last_register_wh = models.BigIntegerField(null=True)
    last_reading_at = models.DateTimeField(null=True)

    # The reasons of its open review cases, here for lists and for billing: services/review.py
    # writes both. What is not billable stays readable: discarded, or counted in another session.
    needs_review = models.BooleanField(default=False)
    review_reasons = models.JSONField(default=list)
    billable = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-transaction_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(transaction_id__gte=1, transaction_id__lte=MAX_TRANSACTION_ID),
                name="session_transaction_id_32_bit",
            ),
            models.CheckConstraint(condition=Q(energy_wh__gte=0), name="session_energy_positive"),
            models.UniqueConstraint(
                fields=["connector"], condition=Q(status="Active"), name="session_one_open"
            ),
            # How a repeated StartTransaction is recognised (chargers retry with a new id)
            models.UniqueConstraint(
                fields=["station", "connector", "id_tag", "started_at", "meter_start_wh"],
                condition=~Q(status="Orphaned"),
                name="session_natural_key",
            ),
            # and a repeated StopTransaction of a session that is not ours
            models.UniqueConstraint(
                fields=["station", "reported_transaction_id", "stopped_at", "meter_stop_wh"],
                condition=Q(status="Orphaned"),
                name="session_orphan_key",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["station", "-transaction_id"], name="session_by_station"),
            models.Index(fields=["started_at"], name="session_by_start"),
            models.Index(fields=["card", "-transaction_id"], name="session_by_card"),
            # Which one ran there at a moment, and which came next
            models.Index(
                fields=["connector", "-started_at", "-transaction_id"], name="session_by_connector"
            ),
            # Few: stops of stations that never learned the number (services/pairing.py)
            models.Index(
                fields=["station", "stopped_at"],
                condition=Q(reported_transaction_id__lte=0),
                name="session_nameless",
            ),
            models.Index(Upper("id_tag"), F("transaction_id").desc(), name="session_by_tag"),
            models.Index(
                fields=["-transaction_id"], condition=Q(needs_review=True), name="session_review"
            ),
            models.Index(
                fields=["-transaction_id"], condition=Q(status="Active"), name="session_active"
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.transaction_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.status == SessionStatus.ACTIVE
