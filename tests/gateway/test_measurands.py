"""Sampled values of any station, normalised to Wh, W, A, V and %."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_gateway.measurands import Measured, measured

ENERGY, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
NOTHING = Measured(None, None, None, None, None)


def sample(value, **more):
    """One sampled value as a station sends it."""
    return {"value": value, **more}


def phases(measurand, unit, *values, names=("L1", "L2", "L3")):
    """The same measurand on each phase."""
    return [
        sample(str(value), measurand=measurand, unit=unit, phase=name)
        for name, value in zip(names, values, strict=False)
    ]


@pytest.mark.parametrize(
    ("samples", "field", "expected"),
    [
        ([sample("1234")], "energy_wh", 1234),
        ([sample("1234", unit="Wh")], "energy_wh", 1234),
        ([sample("1234", measurand=None)], "energy_wh", 1234),
        ([sample("1234", measurand="")], "energy_wh", 1234),
        ([sample("1.234", unit="kWh")], "energy_wh", 1234),
        ([sample("1,234", unit="kWh")], "energy_wh", 1234),
        ([sample("1.234", unit="kwh")], "energy_wh", 1234),
        ([sample(" 1234 ")], "energy_wh", 1234),
        ([sample("1234.6")], "energy_wh", 1235),
        ([sample("1.2e3")], "energy_wh", 1200),
        ([sample("5000000000")], "energy_wh", 5_000_000_000),
        ([sample("-5")], "energy_wh", -5),
        ([sample("7200", measurand=POWER, unit="W")], "power_w", 7200),
        ([sample("7.2", measurand=POWER, unit="kW")], "power_w", 7200),
        ([sample("7200", measurand=POWER)], "power_w", 7200),
        ([sample("16.5", measurand="Current.Import", unit="A")], "current_a", 16.5),
        ([sample("16500", measurand="Current.Import", unit="mA")], "current_a", 16.5),
        ([sample("230.1", measurand="Voltage", unit="V")], "voltage_v", 230.1),
        ([sample("0.4", measurand="Voltage", unit="kV")], "voltage_v", 400.0),
        ([sample("80", measurand="SoC", unit="Percent")], "soc_percent", 80.0),
        ([sample("80", measurand="SoC", location="EV")], "soc_percent", 80.0),
    ],
)
def test_it_reads_one_value(samples, field, expected):
    assert measured(samples) == NOTHING._replace(**{field: pytest.approx(expected)})


@pytest.mark.parametrize(
    "unreadable",
    [
        sample(""),
        sample("garbage"),
        sample("NaN"),
        sample("nan"),
        sample("Infinity"),
        sample("-inf"),
        sample("1e308"),
        sample("9" * 400),
        sample("1" * 5000),
        sample("<b>12</b>"),
        sample("=1+1"),
        sample("12 kWh"),
        sample(None),
        sample([1]),
        sample({"a": 1}),
        {},
        {"unit": "Wh"},
        sample("1234", format="SignedData"),
        sample("OCMF|{}|{}", format="SignedData"),
        sample("12", measurand="Frequency", unit="Hz"),
        sample("12", measurand="Energy.Active.Export.Register"),
        sample("12", measurand="Energy.Active.Import.Interval"),
        sample("12", measurand="Something.Else"),
        sample("12", location="Inlet"),
    ],
)
def test_it_passes_over_what_it_cannot_read_and_keeps_the_rest(unreadable):
    assert measured([unreadable]) == NOTHING
    assert measured([unreadable, sample("5"), unreadable]).energy_wh == 5


def test_it_reads_nothing_from_nothing():
    assert measured([]) == NOTHING


def test_it_sums_power_and_energy_of_the_phases():
    read = measured(phases(POWER, "kW", 1.5, 2.5, 3) + phases(ENERGY, "kWh", 1, 2, 3))
    assert (read.power_w, read.energy_wh) == (7000, 6000)


def test_it_takes_the_highest_current_and_the_mean_voltage_of_the_phases():
    read = measured(
        phases("Current.Import", "A", 10, 16, 12) + phases("Voltage", "V", 228, 230, 232)
    )
    assert (read.current_a, read.voltage_v) == (16.0, 230.0)


def test_a_total_weighs_more_than_its_phases():
    total = sample("9000", measurand=POWER)
    assert measured([*phases(POWER, "W", 1, 2, 3), total]).power_w == 9000
    assert measured([total, *phases(POWER, "W", 1, 2, 3)]).power_w == 9000


def test_of_two_totals_the_first_counts():
    assert measured([sample("1"), sample("2")]).energy_wh == 1


def test_it_reads_all_values_of_one_moment():
    read = measured(
        [
            sample("12345", measurand=ENERGY, unit="Wh"),
            sample("7.2", measurand=POWER, unit="kW"),
            sample("31.3", measurand="Current.Import", unit="A"),
            sample("230", measurand="Voltage", unit="V"),
            sample("44", measurand="SoC", unit="Percent"),
            sample("50", measurand="Frequency", unit="Hertz"),
        ]
    )
    assert read == Measured(12345, 7200, 31.3, 230.0, 44.0)


def test_sums_that_no_column_holds_are_passed_over():
    assert measured(phases(ENERGY, "Wh", 2**61, 2**61, 2**61)).energy_wh is None


numbers = st.one_of(
    st.floats().map(str), st.integers().map(str), st.text(max_size=8), st.none(), st.integers()
)
samples = st.fixed_dictionaries(
    {},
    optional={
        "value": numbers,
        "measurand": st.sampled_from(
            [ENERGY, POWER, "Current.Import", "Voltage", "SoC", "X", None]
        ),
        "unit": st.sampled_from(
            ["Wh", "kWh", "W", "kW", "A", "mA", "V", "kV", "Percent", "", None]
        ),
        "phase": st.sampled_from(["L1", "L2", "L3", "N", "L1-N", "", None]),
        "location": st.sampled_from(["Outlet", "Inlet", "EV", None]),
        "format": st.sampled_from(["Raw", "SignedData", None]),
    },
)


@given(st.lists(samples, max_size=12))
def test_no_samples_raise_and_what_they_give_fits_the_columns(sampled):
    for value in measured(sampled):
        assert value is None or (math.isfinite(value) and abs(value) < 2**62)
