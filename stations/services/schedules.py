"""Charging schedules: what OCPP allows in a profile, what one station takes, watts and amperes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from cms.shared import clock
from cms.shared.errors import DomainError, Text
from stations.models import ChargingStation, ProfilePurpose
from stations.services import configuration, quirks

VOLTS = 230  # per phase: what watts and amperes are converted with
PHASES = 3  # where a period does not say (ChargingSchedulePeriod, OCPP 1.6 section 7.14)
Profile = dict[str, Any]  # csChargingProfiles
Problem = tuple[str, Text]  # the member in OCPP's spelling, and what was expected
_PERIODS = "chargingSchedule.chargingSchedulePeriod"
_UNIT = "chargingSchedule.chargingRateUnit"
_START = "chargingSchedule.startSchedule"


class Limits(NamedTuple):
    """What a station takes: by what it told of itself (section 9.4), else by what is known of

    its model (quirks). None: nothing is known against it.
    """

    units: tuple[str, ...] = ("A", "W")
    purposes: tuple[str, ...] = tuple(ProfilePurpose.values)
    most_stack_level: int | None = None
    most_periods: int | None = None


def limits(station: ChargingStation, at: datetime | None = None) -> Limits:
    """What ``station`` takes; ``at``: a profile is fitted to it now (quirks.value)."""
    told = {
        key: configuration.value(station_id=station.pk, key=key)
        for key in (
            "ChargeProfileMaxStackLevel",
            "ChargingScheduleAllowedChargingRateUnit",
            "ChargingScheduleMaxPeriods",
        )
    }
    only = quirks.value(station=station, name="rate_unit", at=at)
    purposes = quirks.value(
        station=station, name="profile_purposes", default=Limits().purposes, at=at
    )
    return Limits(
        (only,) if only else _units(told["ChargingScheduleAllowedChargingRateUnit"] or ""),
        tuple(purposes),
        _number(told["ChargeProfileMaxStackLevel"]),
        _number(told["ChargingScheduleMaxPeriods"]),
    )


def fitted(profile: Profile, units: tuple[str, ...]) -> Profile:
    """``profile`` in a unit of ``units``, every rate rounded to one decimal (section 7.13).

    Converted with 230 V for each of a period's phases, three where it says none.
    """
    schedule = profile["chargingSchedule"]
    unit = schedule["chargingRateUnit"]
    target = unit if unit in units else units[0]
    periods = [
        {**period, "limit": _converted(period["limit"], unit, target, period.get("numberPhases"))}
        for period in schedule["chargingSchedulePeriod"]
    ]
    made = {**schedule, "chargingRateUnit": target, "chargingSchedulePeriod": periods}
    if "minChargingRate" in made:
        made["minChargingRate"] = _converted(made["minChargingRate"], unit, target, None)
    return {**profile, "chargingSchedule": made}


def check(profile: Profile, *, prefix: str = "") -> None:
    """Raise DomainError where ``profile`` is one no station may get; its fields start with

    ``prefix`` (OCPP 1.6 sections 3.13, 7.8 to 7.14).
    """
    _refuse([*_of_profile(profile), *_of_periods(profile)], prefix)


def check_at(
    profile: Profile, *, connector_id: int | None, taken: Limits, prefix: str = ""
) -> None:
    """Raise DomainError where a station that takes ``taken`` cannot have it at the connector.

    ``connector_id`` None: whichever the station chooses for a remote start.
    """
    _refuse([*_of_station(profile, taken), *_of_connector(profile, connector_id)], prefix)


def _refuse(problems: list[Problem], prefix: str) -> None:
    fields: dict[str, list[str]] = {}
    for field, expected in problems:
        name = field if field == "connectorId" else f"{prefix}{field}"
        fields.setdefault(name, []).append(expected)
    if fields:
        raise DomainError.of_fields(fields)


def _of_profile(profile: Profile) -> Iterator[Problem]:
    schedule, kind = profile["chargingSchedule"], profile["chargingProfileKind"]
    if profile["stackLevel"] < 0:
        yield "stackLevel", Text("should be 0 or more")
    if kind == "Recurring" and not profile.get("recurrencyKind"):
        yield "recurrencyKind", Text("should be Daily or Weekly for a recurring profile")
    if kind == "Relative" and schedule.get("startSchedule"):
        yield _START, Text("should be left out: a relative profile starts with the charging")
    yield from _of_validity(profile)
    if schedule.get("duration", 1) < 1:
        yield "chargingSchedule.duration", Text("should be 1 or more seconds")
    if not _is_rate(schedule.get("minChargingRate", 0)):
        yield (
            "chargingSchedule.minChargingRate",
            Text("should be 0 or more, with one decimal at most"),
        )


def _of_validity(profile: Profile) -> Iterator[Problem]:
    moments = {}
    for name, text in (
        ("validFrom", profile.get("validFrom")),
        ("validTo", profile.get("validTo")),
        (_START, profile["chargingSchedule"].get("startSchedule")),
    ):
        try:
            moments[name] = clock.parse(text) if text else None
        except ValueError:
            yield name, Text("should be a time such as 2026-01-31T18:00:00Z")
    begin, end = moments.get("validFrom"), moments.get("validTo")
    if begin and end and end <= begin:
        yield "validTo", Text("should be after validFrom")


def _of_periods(profile: Profile) -> Iterator[Problem]:
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    if not periods:
        yield _PERIODS, Text("should have at least one period")
    before = -1
    for number, period in enumerate(periods):
        where, start = f"{_PERIODS}.{number}", period["startPeriod"]
        if number == 0 and start != 0:
            yield f"{where}.startPeriod", Text("should be 0 for the first period")
        elif start <= before:
            yield f"{where}.startPeriod", Text("should be later than the period before")
        before = start
        if not _is_rate(period["limit"]):
            yield f"{where}.limit", Text("should be 0 or more, with one decimal at most")
        if period.get("numberPhases", PHASES) not in (1, 2, 3):
            yield f"{where}.numberPhases", Text("should be 1, 2 or 3")


def _of_station(profile: Profile, taken: Limits) -> Iterator[Problem]:
    schedule, purpose = profile["chargingSchedule"], profile["chargingProfilePurpose"]
    if purpose not in taken.purposes:
        yield (
            "chargingProfilePurpose",
            Text("should be %(known)s for this model", known=_either(taken.purposes)),
        )
    if taken.most_stack_level is not None and profile["stackLevel"] > taken.most_stack_level:
        yield (
            "stackLevel",
            Text("should be at most %(most)s at this station", most=taken.most_stack_level),
        )
    if taken.most_periods and len(schedule["chargingSchedulePeriod"]) > taken.most_periods:
        yield _PERIODS, Text("should be at most %(most)s at this station", most=taken.most_periods)
    if schedule["chargingRateUnit"] not in taken.units:
        yield _UNIT, Text("should be %(known)s for this station", known=_either(taken.units))


def _of_connector(profile: Profile, connector_id: int | None) -> Iterator[Problem]:
    purpose = profile["chargingProfilePurpose"]
    if purpose == ProfilePurpose.CHARGE_POINT_MAX and connector_id != 0:
        yield "connectorId", Text("should be 0: a ChargePointMaxProfile is for the whole station")
    if purpose == ProfilePurpose.TX and connector_id == 0:
        yield "connectorId", Text("should be the session's: a TxProfile is never for number 0")


def _is_rate(value: float) -> bool:
    return math.isfinite(value) and value >= 0 and round(value, 1) == value


def _converted(rate: float, unit: str, target: str, phases: int | None) -> float:
    watts_per_ampere = VOLTS * (phases or PHASES)
    if unit != target:
        rate = rate * watts_per_ampere if target == "W" else rate / watts_per_ampere
    return _tidy(round(rate, 1))


def _tidy(rate: float) -> float:
    """``16`` instead of ``16.0``: some stations read only the first."""
    return int(rate) if float(rate).is_integer() else rate


def _units(told: str) -> tuple[str, ...]:
    """``Current`` and ``Power`` in any spelling; some say A and W."""
    words = set(re.findall(r"[a-z]+", told.lower()))
    named = {"A": {"current", "a"}, "W": {"power", "w"}}
    return tuple(unit for unit, names in named.items() if words & names) or ("A", "W")


def _number(told: str | None) -> int | None:
    return configuration.number((told or "").strip(), digits=9)


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(words)
