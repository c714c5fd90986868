"""The charging curve, the register and the sampled values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.simulator.battery import Battery, energy_share, peak_power_w, power_share
from tests.simulator.configuration import MEASURANDS
from tests.simulator.meter import Meter

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_power_ramps_up_and_falls_towards_the_end() -> None:
    meter, car = Meter(5_000, 22_000), Battery(20_000, 10_000, 22_000)
    meter.begin(AT)
    powers = []
    for minute in range(60):
        meter.advance(AT + timedelta(minutes=minute, seconds=10), car)
        powers.append(meter.power_w)
    assert 0 < powers[0] < powers[1] == 22_000
    assert powers[30] < 22_000
    assert powers[-1] == 0
    assert car.full


def test_the_register_never_falls_and_ends_at_what_the_battery_took() -> None:
    meter, car = Meter(5_000, 22_000), Battery(20_000, 12_000, 22_000)
    meter.begin(AT)
    readings = []
    for second in range(0, 7_200, 7):
        meter.advance(AT + timedelta(seconds=second), car)
        readings.append(meter.reading_wh)
    assert readings == sorted(readings)
    assert readings[-1] == pytest.approx(13_000, abs=1)


def test_time_standing_still_or_going_back_adds_nothing() -> None:
    meter, car = Meter(5_000, 22_000), Battery(20_000, 12_000, 22_000)
    meter.begin(AT)
    meter.advance(AT + timedelta(minutes=1), car)
    before = meter.register_wh
    meter.advance(AT, car)
    assert meter.register_wh == before


def test_every_measurand_has_its_unit() -> None:
    meter, car = Meter(5_000, 22_000), Battery(20_000, 10_000, 22_000)
    meter.begin(AT)
    meter.advance(AT + timedelta(minutes=2), car)
    told = meter.sampled(MEASURANDS, "Sample.Periodic", car)
    units = {each["measurand"]: each["unit"] for each in told}
    assert [units[name] for name in MEASURANDS] == ["Wh", "W", "A", "V", "Percent"]
    values = {each["measurand"]: float(each["value"]) for each in told}
    assert values["Energy.Active.Import.Register"] == meter.reading_wh
    assert values["Power.Active.Import"] == pytest.approx(22_000)
    assert values["Current.Import"] == pytest.approx(22_000 / 230 / 3, abs=0.01)
    assert values["Voltage"] == pytest.approx(230)
    assert values["SoC"] == pytest.approx(53.2, abs=0.5)


def test_a_station_without_a_vehicle_knows_no_state_of_charge() -> None:
    told = Meter(5_000, 22_000).sampled(MEASURANDS, "Trigger")
    assert "SoC" not in {each["measurand"] for each in told}


def test_the_curve_of_a_recorded_session_carries_exactly_its_energy() -> None:
    assert energy_share(0) == 0
    assert energy_share(1) == 1
    shares = [energy_share(step / 100) for step in range(101)]
    assert shares == sorted(shares)
    peak = peak_power_w(10_000, 3_600)
    integrated = sum(peak * power_share((step + 0.5) / 1000) for step in range(1000)) / 1000
    assert integrated == pytest.approx(10_000, rel=1e-3)
