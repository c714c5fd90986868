"""Site and ChargingStation."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, tzinfo
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Upper

from cms.shared import clock
from cms.shared.models import Timestamped

# OCPP-J 1.6 leaves the identity open; 48 is what 2.0.1 allows, and room for what exists.
CP_ID_LENGTH = 100
_CP_ID = RegexValidator(r"^[^\x00-\x1f\x7f/\\]+$", "No slashes, backslashes or control characters.")


def check_time_zone(name: str) -> None:
    """Raise ValidationError where ``name`` is no time zone."""
    if name not in clock.zones():
        raise ValidationError(f"{name!r} is no time zone; one would be Europe/Berlin.")


def _zone_named(name: str) -> tzinfo:
    """The zone; UTC where the stored name is unknown here."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


class Site(Timestamped):
    """A place with an address, where stations stand."""

    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code, such as DE")
    latitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    time_zone = models.CharField(max_length=50, default="UTC", validators=[check_time_zone])
    # As stations/services/opening_hours.py says; None: nobody said
    opening_hours = models.JSONField(null=True, blank=True, default=None)
    card_groups = models.ManyToManyField(
        "rfid.CardGroup",
        blank=True,
        related_name="+",
        help_text="Whose cards stand in the local lists of its stations",
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def one_line(self) -> str:
        """Street, postal code and city, as far as they are known."""
        town = " ".join(filter(None, [self.postal_code, self.city]))
        return ", ".join(filter(None, [self.address, town]))

    @property
    def zone(self) -> tzinfo:
        """Its time zone."""
        return _zone_named(self.time_zone)


class Registration(models.TextChoices):
    """Whether the system serves a station (BootNotification.conf, OCPP 1.6 section 7.43)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class SecurityProfile(models.IntegerChoices):
    """How a station proves who it is (OCPP 1.6 security whitepaper, section 3)."""

    NONE = 0, "0: no authentication"
    PASSWORD = 1, "1: password"
    TLS_PASSWORD = 2, "2: password over TLS"
    TLS_CERTIFICATE = 3, "3: client certificate"


class ChargingStationQuerySet(models.QuerySet["ChargingStation"]):
    """Words for finding stations."""

    def named(self, cp_id: str) -> ChargingStationQuerySet:
        """The one with this identity, letter case ignored."""
        # Written so that both engines use the index; iexact is a LIKE on SQLite.
        return self.alias(folded=Upper("cp_id")).filter(folded=Upper(Value(cp_id)))


class ChargingStation(Timestamped):
    """One OCPP identity on one WebSocket (OCPP 1.6: Charge Point)."""

    cp_id = models.CharField(
        "identity",
        max_length=CP_ID_LENGTH,
        validators=[_CP_ID],
        help_text="The last part of the URL the station connects to",
    )
    name = models.CharField(max_length=100, blank=True)
    site = models.ForeignKey(
        Site, on_delete=models.SET_NULL, null=True, blank=True, related_name="stations"
    )
    registration = models.CharField(
        max_length=10, choices=Registration, default=Registration.ACCEPTED
    )
    heartbeat_interval_s = models.PositiveIntegerField(
        "heartbeat interval (s)",
        null=True,
        blank=True,
        validators=[MinValueValidator(10), MaxValueValidator(86400)],
        help_text="Empty: the system's own",
    )
    time_zone = models.CharField(
        max_length=50,
        default="UTC",
        validators=[check_time_zone],
        help_text="Of the station's clock, for times it sends without a zone",
    )
    key_hash = models.CharField(max_length=128, blank=True, editable=False)
    # Keys it was given and may use from now on: {"hash": ..., "command": the Command's id}
    pending_keys = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True, editable=False
    )
    security_profile = models.PositiveSmallIntegerField(
        choices=SecurityProfile,
        null=True,
        blank=True,
        help_text="The least it must connect with. Empty: its key, where it has one",
    )
    # One it was told to change to; while it has not, the one above still lets it in
    pending_profile = models.PositiveSmallIntegerField(
        choices=SecurityProfile, null=True, blank=True, editable=False
    )
    connected_profile = models.PositiveSmallIntegerField(  # what its newest socket proved
        choices=SecurityProfile, null=True, blank=True, editable=False
    )

    # What the station reports of itself (BootNotification; wide: real ones overrun the limits)
    protocol = models.CharField(max_length=20, blank=True)
    vendor = models.CharField(max_length=255, blank=True)
    model = models.CharField(max_length=255, blank=True)
    serial_number = models.CharField(max_length=255, blank=True)
    charge_box_serial_number = models.CharField(max_length=255, blank=True)
    firmware_version = models.CharField(max_length=255, blank=True)
    iccid = models.CharField(max_length=255, blank=True)
    imsi = models.CharField(max_length=255, blank=True)
    meter_type = models.CharField(max_length=255, blank=True)
    meter_serial_number = models.CharField(max_length=255, blank=True)

    # What we see of it
    online = models.BooleanField(default=False, db_index=True)
    connection_id = models.CharField(max_length=32, blank=True)  # of the newest socket
    # The gateway elsewhere that serves it, where that was heard of last (docs/gateways.md)
    served_by = models.CharField(
        max_length=32, blank=True, default="", db_default="", editable=False
    )
    connected_at = models.DateTimeField(null=True, blank=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    last_boot_at = models.DateTimeField(null=True, blank=True)
    # It took a setting that counts only after its next start (ChangeConfiguration, RebootRequired)
    reboot_required_at = models.DateTimeField(null=True, blank=True)

    objects = ChargingStationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["cp_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                Upper("cp_id"),
                name="station_cp_id_unique",
                violation_error_message="A station with this identity exists already.",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["serial_number"], name="station_by_serial_number")
        ]

    def __str__(self) -> str:
        return self.cp_id

    @property
    def zone(self) -> tzinfo:
        """The zone of the station's clock."""
        return _zone_named(self.time_zone)
