"""Quirk: what one model of station needs or gets wrong, as a row operators may change.

QuirkTally: how often that, or a repair everybody gets, was needed at one station.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from cms.shared import clock
from cms.shared.models import Timestamped


class Knob(NamedTuple):
    """Something that may differ between models: how a right value is told, and what it is for."""

    is_right: Callable[[Any], bool]
    expected: str
    help: str


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


def _zone(value: Any) -> bool:
    return isinstance(value, str) and (value == "site" or value in clock.zones())


def _purposes(value: Any) -> bool:
    known = {"ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"}
    return isinstance(value, list) and bool(value) and set(map(str, value)) <= known


# Every name a quirk may have. Where no row says otherwise, the reader of a knob has its default.
KNOBS: dict[str, Knob] = {
    "configuration_keys": Knob(
        _count,
        gettext_noop("a whole number from 1 to 1000"),
        gettext_noop("keys asked for in one GetConfiguration"),
    ),
    "configuration_pause": Knob(
        _seconds,
        gettext_noop("seconds from 0 to 3600"),
        gettext_noop("between two GetConfiguration calls"),
    ),
    "read_configuration": Knob(
        _flag,
        gettext_noop("true or false"),
        gettext_noop("whether its configuration is read after a boot at all"),
    ),
    "configuration_by_key": Knob(
        _flag,
        gettext_noop("true or false"),
        gettext_noop("asked for its settings by name only: it does not tell them all"),
    ),
    "rate_unit": Knob(
        _one_of("A", "W"),
        gettext_noop('"A" or "W"'),
        gettext_noop("the only unit it takes in charging profiles"),
    ),
    "profile_purposes": Knob(
        _purposes,
        gettext_noop("a list of charging profile purposes"),
        gettext_noop("those it takes; others are not sent"),
    ),
    "settle_seconds": Knob(
        _seconds,
        gettext_noop("seconds from 0 to 3600"),
        gettext_noop("after its first answered call before it is asked"),
    ),
    "naive_times": Knob(
        _zone,
        gettext_noop('a time zone such as "Europe/Berlin", or "site" for the one of its site'),
        gettext_noop("the zone of times it sends without one; else the station's own"),
    ),
    "z_is_local": Knob(
        _flag,
        gettext_noop("true or false"),
        gettext_noop("times it marks with Z are local ones of its station or site"),
    ),
    "energy_unit": Knob(
        _one_of("Wh", "kWh"),
        gettext_noop('"Wh" or "kWh"'),
        gettext_noop("what its registers are in, whatever it says"),
    ),
    "session_registers": Knob(
        _flag,
        gettext_noop("true or false"),
        gettext_noop("registers in MeterValues count from the start of the session"),
    ),
    "power_unit": Knob(
        _one_of("W", "kW"),
        gettext_noop('"W" or "kW"'),
        gettext_noop("what its power is in, whatever it says"),
    ),
}


# What is tolerated of every station, whatever its model; counted where it happens.
REPAIRS: dict[str, str] = {
    "null_members": gettext_noop("null for what is left out"),
    "lone_object": gettext_noop("one object where a list belongs"),
    "number_for_text": gettext_noop("a number where its text belongs"),
    "decimal_for_whole": gettext_noop("a whole number written as a decimal"),
    "json_for_text": gettext_noop("JSON where its text belongs"),
    "unreadable_sample": gettext_noop("a sample without a readable value"),
    "unknown_word": gettext_noop("a word the specification does not list"),
    "long_text": gettext_noop("a text over its length"),
    "extra_member": gettext_noop("a member nobody asked for"),
    "naive_time": gettext_noop("a time without a zone"),
    "odd_time": gettext_noop("a time in another form than the specification's"),
    "wrong_clock": gettext_noop("a time before 2015, or more than an hour ahead"),
    "empty_frame": gettext_noop("an empty frame as a sign of life"),
    "unasked_answer": gettext_noop("an answer to nothing we asked, or asked long ago"),
    "no_subprotocol": gettext_noop("no sub-protocol offered"),
    "odd_subprotocol": gettext_noop("a sub-protocol offered in an odd way"),
}


class Quirk(Timestamped):
    """A knob set for the stations whose vendor, model and firmware match.

    The patterns know ``*`` and ``?``, ignore letter case, and an empty one matches everything.
    Of several that match, the one with the most pattern text counts.
    """

    name = models.CharField(max_length=50, choices=[(name, name) for name in KNOBS])
    value = models.JSONField(default=bool)
    vendor = models.CharField(max_length=255, blank=True)
    model = models.CharField(max_length=255, blank=True)
    firmware = models.CharField(max_length=255, blank=True)
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=500, blank=True, help_text="Where this is known from")
    # Came with the system: switched off where it is not wanted, so that nobody has to know it anew
    seeded = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "vendor", "model", "firmware"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["name", "vendor", "model", "firmware"], name="quirk_unique"
            )
        ]

    def __str__(self) -> str:
        who = " ".join(filter(None, [self.vendor, self.model, self.firmware]))
        return f"{self.name} of {who or 'every station'}"

    def clean(self) -> None:
        """Raise ValidationError where the value does not fit the knob."""
        knob = KNOBS.get(self.name)
        if knob is not None and not knob.is_right(self.value):
            raise ValidationError({"value": f"{self.name} should be {knob.expected}."})


class QuirkTally(models.Model):
    """How often something was tolerated of one station: a quirk's row, or a repair for all."""

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="tolerated",
        db_index=False,  # quirk_tally_unique begins with it
    )
    kind = models.CharField(max_length=50)  # a name of KNOBS or of REPAIRS
    quirk = models.ForeignKey(
        Quirk, on_delete=models.CASCADE, null=True, blank=True, related_name="tallies"
    )
    detail = models.CharField(max_length=200, blank=True)  # the last one of them
    times = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-last_seen_at", "-id"]
        verbose_name_plural = "quirk tallies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                F("station"), F("kind"), Coalesce("quirk", 0), name="quirk_tally_unique"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-last_seen_at", "-id"], name="quirk_tally_by_time"),
            models.Index(fields=["kind", "-last_seen_at"], name="quirk_tally_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.station}"

    @property
    def words(self) -> str:
        """What was tolerated, for people."""
        knob = KNOBS.get(self.kind)
        return knob.help if knob else REPAIRS.get(self.kind, self.kind)
