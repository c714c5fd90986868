"""ChargingProfile, where it is assigned, and the CompositeSchedule a connector made of it all."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from cms.shared import clock
from cms.shared.models import Timestamped

MAX_PROFILE_NUMBER = 2**31 - 1


class ProfilePurpose(models.TextChoices):
    """ChargingProfilePurposeType, OCPP 1.6 section 7.11."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile", "Limit of the whole station"
    TX_DEFAULT = "TxDefaultProfile", "Default of new sessions"
    TX = "TxProfile", "One session"


class ProfileKind(models.TextChoices):
    """ChargingProfileKindType, OCPP 1.6 section 7.10."""

    ABSOLUTE = "Absolute", "From a point in time"
    RECURRING = "Recurring", "Again each day or week"
    RELATIVE = "Relative", "From the start of charging"


class RecurrencyKind(models.TextChoices):
    """RecurrencyKindType, OCPP 1.6 section 7.36."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class RateUnit(models.TextChoices):
    """ChargingRateUnitType, OCPP 1.6 section 7.12."""

    AMPERES = "A", "A (per phase)"
    WATTS = "W", "W (all phases together)"


class AssignmentState(models.TextChoices):
    """Its life; the refusals are OCPP's own (ChargingProfileStatus, OCPP 1.6 section 7.14)."""

    REQUESTED = "Requested", "Asked of the station"
    ACCEPTED = "Accepted", "In force"
    REJECTED = "Rejected", "Refused: rejected"
    NOT_SUPPORTED = "NotSupported", "Refused: not supported"
    FAILED = "Failed", "No answer"
    REPLACED = "Replaced", "Replaced by another one"
    CLEARED = "Cleared"
    ENDED = "Ended", "Over with its session"


OPEN = (AssignmentState.REQUESTED, AssignmentState.ACCEPTED)


class ChargingProfile(Timestamped):
    """A limit over time, by a name, to be used at any number of stations (sections 7.8 and 7.13).

    ``periods`` are rows in OCPP's own spelling: startPeriod (s), limit (in the rate unit), and
    numberPhases where it says one.
    """

    name = models.CharField(max_length=100, unique=True)
    purpose = models.CharField(
        max_length=30, choices=ProfilePurpose, default=ProfilePurpose.TX_DEFAULT
    )
    stack_level = models.PositiveIntegerField(
        default=0, help_text="Of several that are valid the highest level counts"
    )
    kind = models.CharField(max_length=20, choices=ProfileKind, default=ProfileKind.RELATIVE)
    recurrency = models.CharField(max_length=20, choices=RecurrencyKind, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    rate_unit = models.CharField(max_length=1, choices=RateUnit, default=RateUnit.AMPERES)
    periods = models.JSONField(default=list)
    start_schedule = models.DateTimeField(
        "starts at", null=True, blank=True, help_text="Absolute and recurring profiles need it"
    )
    duration_s = models.PositiveIntegerField(
        "duration (s)", null=True, blank=True, help_text="Empty: until the end of charging"
    )
    min_rate = models.FloatField(
        "minimum rate", null=True, blank=True, help_text="Below it charging is not efficient"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def as_sent(self, number: int) -> dict[str, Any]:
        """csChargingProfiles with this chargingProfileId; absent members are left out."""
        members = {
            "chargingProfileId": number,
            "stackLevel": self.stack_level,
            "chargingProfilePurpose": self.purpose,
            "chargingProfileKind": self.kind,
            "recurrencyKind": self.recurrency or None,
            "validFrom": clock.text(self.valid_from) if self.valid_from else None,
            "validTo": clock.text(self.valid_to) if self.valid_to else None,
            "chargingSchedule": _present(
                {
                    "duration": self.duration_s,
                    "startSchedule": clock.text(self.start_schedule)
                    if self.start_schedule
                    else None,
                    "chargingRateUnit": self.rate_unit,
                    "chargingSchedulePeriod": self.periods,
                    "minChargingRate": self.min_rate,
                }
            ),
        }
        return _present(members)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


class ProfileAssignment(models.Model):
    """A profile as it was sent to a connector (number 0: the station), and what became of it."""

    station = models.ForeignKey(
        "stations.ChargingStation", on_delete=models.CASCADE, related_name="profile_assignments"
    )
    # None: a remote start that leaves the connector to the station
    connector = models.ForeignKey(
        "stations.Connector", on_delete=models.CASCADE, null=True, related_name="+"
    )
    session = models.ForeignKey(
        "stations.ChargingSession",
        on_delete=models.SET_NULL,
        null=True,
        related_name="profile_assignments",
    )
    profile = models.ForeignKey(  # None: it was given in OCPP's words, without a name
        ChargingProfile, on_delete=models.SET_NULL, null=True, related_name="assignments"
    )
    number = models.BigIntegerField()  # OCPP's chargingProfileId
    purpose = models.CharField(max_length=30, choices=ProfilePurpose)
    stack_level = models.BigIntegerField()
    id_tag = models.CharField(max_length=20, blank=True)  # of the remote start it came with
    sent = models.JSONField()  # csChargingProfiles as the station got it
    state = models.CharField(
        max_length=12, choices=AssignmentState, default=AssignmentState.REQUESTED
    )
    answer = models.CharField(max_length=50, blank=True)  # what the station last said
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    command = models.ForeignKey(  # that sent it
        "stations.Command", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["station", "purpose"],
                condition=Q(state__in=["Requested", "Accepted"]),
                name="profile_assignment_open",
            ),
            models.Index(fields=["station", "-id"], name="profile_assignment_by_station"),
        ]

    def __str__(self) -> str:
        return f"profile {self.number}"


class CompositeSchedule(models.Model):
    """What a connector really does: its last answer to GetCompositeSchedule (section 5.7)."""

    connector = models.OneToOneField(
        "stations.Connector", on_delete=models.CASCADE, related_name="composite_schedule"
    )
    status = models.CharField(max_length=50)
    duration_s = models.PositiveBigIntegerField()  # as it was asked for
    starts_at = models.DateTimeField(null=True)
    schedule = models.JSONField(null=True)  # chargingSchedule as the station told it
    read_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["connector"]

    def __str__(self) -> str:
        return f"schedule of {self.connector}"
