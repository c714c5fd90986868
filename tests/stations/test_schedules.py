"""Charging schedules: what is refused with the name of its field, and what is converted."""

from __future__ import annotations

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from cms.shared.errors import DomainError
from ocpp_gateway import validation
from stations.models import Quirk
from stations.services import schedules
from tests.stations import given_profiles
from tests.stations.given_profiles import in_ocpp

PERIODS = "chargingSchedule.chargingSchedulePeriod"


def refused(check, *args, **how):
    """The fields that are wrong."""
    with pytest.raises(DomainError) as error:
        check(*args, **how)
    return list(error.value.fields)


def periods(*rows):
    """A profile of these periods: start, limit, phases."""
    made = [dict(zip(("startPeriod", "limit", "numberPhases"), row, strict=False)) for row in rows]
    return in_ocpp(chargingSchedule={"chargingSchedulePeriod": made})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"stackLevel": -1}, "stackLevel"),
        ({"chargingProfileKind": "Recurring"}, "recurrencyKind"),
        (
            {"chargingSchedule": {"startSchedule": "2025-03-01T00:00:00Z"}},
            "chargingSchedule.startSchedule",
        ),
        (
            {"validFrom": "2025-03-02T00:00:00Z", "validTo": "2025-03-01T00:00:00Z"},
            "validTo",
        ),
        ({"validFrom": "soon"}, "validFrom"),
        ({"chargingSchedule": {"duration": 0}}, "chargingSchedule.duration"),
        ({"chargingSchedule": {"minChargingRate": -1}}, "chargingSchedule.minChargingRate"),
        ({"chargingSchedule": {"chargingSchedulePeriod": []}}, PERIODS),
    ],
)
def test_a_profile_no_station_may_get_is_refused(more, field):
    assert refused(schedules.check, in_ocpp(**more)) == [field]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([(5, 16)], "0.startPeriod"),
        ([(0, 16), (0, 10)], "1.startPeriod"),
        ([(0, 16), (60, 10), (30, 8)], "2.startPeriod"),
        ([(0, -1)], "0.limit"),
        ([(0, 16.25)], "0.limit"),
        ([(0, 16, 0)], "0.numberPhases"),
        ([(0, 16, 4)], "0.numberPhases"),
    ],
)
def test_a_period_that_is_wrong_is_named(rows, field):
    assert refused(schedules.check, periods(*rows)) == [f"{PERIODS}.{field}"]


def test_the_fields_are_named_where_the_caller_wrote_them():
    found = refused(schedules.check, in_ocpp(stackLevel=-1), prefix="csChargingProfiles.")
    assert found == ["csChargingProfiles.stackLevel"]


@pytest.mark.parametrize("rows", [[(0, 0)], [(0, 16.1, 1), (60, 32, 3)], [(0, 3680)]])
def test_what_is_right_passes(rows):
    schedules.check(periods(*rows))


def test_a_recurring_profile_passes_with_its_recurrency():
    schedules.check(
        in_ocpp(
            chargingProfileKind="Recurring",
            recurrencyKind="Daily",
            chargingSchedule={"startSchedule": "2025-03-01T22:00:00Z"},
        )
    )


@pytest.mark.parametrize(
    ("purpose", "connector_id"),
    [("ChargePointMaxProfile", 1), ("ChargePointMaxProfile", None), ("TxProfile", 0)],
)
def test_a_purpose_that_does_not_fit_the_connector_is_refused(purpose, connector_id):
    found = refused(
        schedules.check_at,
        in_ocpp(purpose),
        connector_id=connector_id,
        taken=schedules.Limits(),
        prefix="x.",
    )
    assert found == ["connectorId"]


@pytest.mark.parametrize(
    ("taken", "field"),
    [
        ({"units": ("W",)}, "chargingSchedule.chargingRateUnit"),
        ({"purposes": ("TxProfile",)}, "chargingProfilePurpose"),
        ({"most_stack_level": 2}, "stackLevel"),
        ({"most_periods": 1}, PERIODS),
    ],
)
def test_what_a_station_does_not_take_is_refused(taken, field):
    found = refused(
        schedules.check_at,
        in_ocpp(stackLevel=3),
        connector_id=1,
        taken=schedules.Limits(**taken),
    )
    assert found == [field]


@pytest.mark.parametrize(
    ("told", "units"),
    [
        ("Current", ("A",)),
        ("Power", ("W",)),
        ("Current,Power", ("A", "W")),
        ("current; power", ("A", "W")),
        ("W", ("W",)),
        ("", ("A", "W")),
        ("whatever", ("A", "W")),
    ],
)
def test_a_station_tells_its_units(station, told, units):
    given_profiles.told(station, "ChargingScheduleAllowedChargingRateUnit", told)
    assert schedules.limits(station).units == units


@pytest.mark.parametrize(("told", "number"), [("8", 8), (" 8 ", 8), ("", None), ("many", None)])
def test_a_station_tells_its_highest_stack_level(station, told, number):
    given_profiles.told(station, "ChargeProfileMaxStackLevel", told)
    assert schedules.limits(station).most_stack_level == number


def test_a_station_that_told_nothing_takes_everything(station):
    assert schedules.limits(station) == schedules.Limits()


def test_what_is_known_of_a_model_counts_more_than_what_it_tells(station):
    given_profiles.told(station, "ChargingScheduleAllowedChargingRateUnit", "Current")
    Quirk.objects.create(name="rate_unit", value="W")
    Quirk.objects.create(name="profile_purposes", value=["TxProfile"])
    taken = schedules.limits(station)
    assert (taken.units, taken.purposes) == (("W",), ("TxProfile",))


def limits_of(profile):
    """Unit, and the limit of each period."""
    schedule = profile["chargingSchedule"]
    return schedule["chargingRateUnit"], [p["limit"] for p in schedule["chargingSchedulePeriod"]]


def test_amperes_become_watts_of_all_phases():
    profile = periods((0, 16), (60, 16, 1), (120, 10.5, 2))
    assert limits_of(schedules.fitted(profile, ("W",))) == ("W", [11040, 3680, 4830])


def test_watts_become_amperes_of_one_phase():
    profile = in_ocpp(
        chargingSchedule={
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000}],
            "minChargingRate": 1380,
        }
    )
    made = schedules.fitted(profile, ("A",))
    assert limits_of(made) == ("A", [15.9])
    assert made["chargingSchedule"]["minChargingRate"] == 2


def test_a_unit_the_station_takes_stays():
    assert limits_of(schedules.fitted(periods((0, 16)), ("A", "W"))) == ("A", [16])


@for_any(st.floats(0, 1e6), st.sampled_from("AW"), st.sampled_from("AW"), st.integers(1, 3))
def test_whatever_is_converted_passes_the_schema(limit, unit, target, phases):
    rows = [{"startPeriod": 0, "limit": limit, "numberPhases": phases}]
    profile = in_ocpp(chargingSchedule={"chargingRateUnit": unit, "chargingSchedulePeriod": rows})
    made = schedules.fitted(profile, (target,))
    payload = {"connectorId": 1, "csChargingProfiles": made}
    assert validation.check_call("SetChargingProfile", payload) == []
    schedules.check(made)
