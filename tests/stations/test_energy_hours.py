"""Energy by the hour: in whatever disorder readings come, the hours are those of the session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as some

from stations.models import ChargingSession, EnergyHour, EnergyTally
from stations.services import energy_hours
from stations.services.spreading import spread
from tests.stations import given
from tests.stations.given import NOON, after

LATER = after(600)
HOURS = timedelta(hours=1)
_minutes = some.integers(0, 3 * 24 * 60)
_points = some.lists(some.tuples(_minutes, some.integers(-500, 90_000)), max_size=30)


def hours():
    """Wh by the hours since noon."""
    rows = EnergyHour.objects.order_by("hour").values_list("hour", "energy_wh")
    return {(hour - NOON) // HOURS: energy for hour, energy in rows}


@pytest.fixture
def station(db):
    given.a_card()
    return given.a_station()


@for_any(points=_points, total=some.integers(0, 100_000), end=_minutes, data=some.data())
def test_hours_add_up_to_the_energy_whatever_the_readings_say_and_in_any_order(
    points, total, end, data
):
    known = {"begun": NOON, "ended": after(end), "total_wh": total}
    said = [(after(minute), energy) for minute, energy in points]
    found = spread(points=said, **known)
    assert sum(found.values()) == total
    assert all(energy > 0 for energy in found.values())
    assert all(NOON <= hour <= after(end) for hour in found)
    assert spread(points=data.draw(some.permutations(said)), **known) == found


def test_between_two_readings_it_flows_evenly():
    found = spread(begun=after(-30), ended=after(90), total_wh=1200, points=[(after(30), 600)])
    assert found == {after(-60): 300, NOON: 600, after(60): 300}


def test_what_is_read_on_the_hour_flowed_before_it():
    assert spread(begun=NOON, ended=after(60), total_wh=700, points=[]) == {NOON: 700}


def test_over_a_silence_of_more_than_a_week_it_counts_where_it_was_read():
    ended = datetime(9999, 12, 29, 12, 30, tzinfo=UTC)
    found = spread(begun=NOON, ended=ended, total_wh=700, points=[])
    assert found == {ended.replace(minute=0): 700}


def test_a_session_under_way_counts_as_far_as_it_was_metered(station):
    started = given.begin(station, minute=30, meter=1000)
    given.meter(given.a_reading(station, started.transaction_id, minute=90, energy=4000))
    energy_hours.roll_up(at=after(90))
    assert hours() == {0: 1500, 1: 1500}


def test_its_end_corrects_what_was_taken_for_it(station):
    started = given.begin(station, minute=30, meter=1000)
    given.meter(given.a_reading(station, started.transaction_id, minute=60, energy=4000))
    energy_hours.roll_up(at=after(70))
    given.finish(station, started.transaction_id, minute=90, meter=5000)
    energy_hours.roll_up(at=after(100))
    assert hours() == {0: 3000, 1: 1000}


def test_a_late_reading_corrects_the_hours_concerned(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=120, meter=8000)
    energy_hours.roll_up(at=LATER)
    assert hours() == {0: 4000, 1: 4000}
    given.meter(given.a_reading(station, started.transaction_id, minute=60, energy=7000))
    energy_hours.roll_up(at=LATER)
    assert hours() == {0: 7000, 1: 1000}


def test_looking_twice_changes_no_row(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=120, meter=8000)
    energy_hours.roll_up(at=LATER)
    before = list(EnergyHour.objects.order_by("pk").values())
    energy_hours.roll_up(at=LATER)
    energy_hours.heal(at=LATER)
    assert list(EnergyHour.objects.order_by("pk").values()) == before


def test_what_was_lost_or_spoilt_is_healed(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=120, meter=8000)
    energy_hours.roll_up(at=LATER)
    EnergyHour.objects.filter(hour=NOON).update(energy_wh=1)
    EnergyHour.objects.exclude(hour=NOON).delete()
    energy_hours.heal(at=LATER)
    assert hours() == {0: 4000, 1: 4000}


def test_an_old_session_that_changed_is_found_by_comparing(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=60, meter=8000)
    a_year_later = NOON + timedelta(days=365)
    energy_hours.heal(at=a_year_later)
    ChargingSession.objects.update(energy_wh=9000)
    energy_hours.heal(at=a_year_later)
    assert hours() == {0: 9000}


def test_a_discarded_session_counts_no_longer(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=60, meter=8000)
    energy_hours.roll_up(at=LATER)
    ChargingSession.objects.update(billable=False)
    energy_hours.roll_up(at=LATER)
    assert hours() == {}


def test_what_stays_as_it_was_is_not_worked_out_again(station):
    started = given.begin(station, minute=0, meter=0)
    given.finish(station, started.transaction_id, minute=60, meter=8000)
    assert energy_hours.roll_up(at=LATER) == 1
    assert energy_hours.roll_up(at=LATER) == 0
    assert EnergyTally.objects.get().is_open is False
