"""What a session shows while it charges: the last of each value by event time, not by arrival."""

from __future__ import annotations

import itertools

import pytest

from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


@pytest.fixture
def started(station):
    """A session that began at a register of 1000 Wh."""
    return given.begin(station, meter=1000)


def shown(started):
    """Energy, power and state of charge as the session shows them."""
    stored = given.session(started)
    return stored.energy_wh, stored.power_w, stored.soc_percent


def test_it_shows_energy_power_and_charge(station, started):
    given.meter(given.a_reading(station, started.transaction_id, energy=3500, power=7200, soc=55))
    assert shown(started) == (2500, 7200, 55.0)
    stored = given.session(started)
    assert (stored.last_register_wh, stored.last_reading_at) == (3500, given.after(10))


def test_an_older_reading_that_arrives_later_changes_nothing(station, started):
    number = started.transaction_id
    given.meter(given.a_reading(station, number, minute=20, energy=6000, power=7000))
    given.meter(given.a_reading(station, number, minute=10, energy=3000, power=9000))
    assert shown(started)[:2] == (5000, 7000)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_the_order_within_one_call_does_not_matter(station, started, order):
    number = started.transaction_id
    readings = [
        given.a_reading(station, number, minute=10 * i, energy=1000 * i, power=i) for i in (2, 3, 4)
    ]
    given.meter(*(readings[i] for i in order))
    assert shown(started)[:2] == (3000, 4)


def test_a_reading_without_energy_keeps_the_register_of_the_one_before(station, started):
    number = started.transaction_id
    given.meter(given.a_reading(station, number, minute=10, energy=4000))
    given.meter(given.a_reading(station, number, minute=20, energy=None, power=3000))
    assert shown(started)[:2] == (3000, 3000)


def test_readings_of_one_call_complete_each_other(station, started):
    number = started.transaction_id
    given.meter(
        given.a_reading(station, number, minute=10, energy=4000),
        given.a_reading(station, number, minute=20, energy=None, power=3000),
    )
    assert shown(started)[:2] == (3000, 3000)


def test_a_register_told_after_a_younger_power_in_the_same_call_counts(station, started):
    number = started.transaction_id
    power = given.a_reading(station, number, minute=20, energy=None, power=3000)
    energy = given.a_reading(station, number, minute=10, energy=4000)
    given.meter(power, energy)
    assert shown(started)[:2] == (3000, 3000)


def test_a_register_that_arrives_after_a_younger_power_counts(station, started):
    number = started.transaction_id
    given.meter(given.a_reading(station, number, minute=20, energy=None, power=3000))
    given.meter(given.a_reading(station, number, minute=10, energy=4000))
    assert shown(started)[:2] == (3000, 3000)
    assert given.session(started).last_reading_at == given.after(20)


def test_an_older_register_in_a_later_call_does_not_replace_a_younger_one(station, started):
    number = started.transaction_id
    given.meter(given.a_reading(station, number, minute=15, energy=5000))
    given.meter(
        given.a_reading(station, number, minute=10, energy=4000),
        given.a_reading(station, number, minute=20, energy=None, power=3000),
    )
    assert shown(started)[:2] == (4000, 3000)


def test_a_register_relative_to_the_session_is_not_taken_for_the_lifetime_one(station):
    started = given.begin(station, meter=50_000)
    given.meter(given.a_reading(station, started.transaction_id, energy=300))
    assert given.session(started).energy_wh == 0
    given.finish(station, started.transaction_id, meter=50_300)
    assert given.session(started).energy_wh == 300


def test_the_energy_never_becomes_negative(station, started):
    given.meter(given.a_reading(station, started.transaction_id, energy=-70_000))
    assert shown(started)[0] == 0


def test_registers_at_the_ends_of_what_the_database_holds_do_not_overflow(station):
    started = given.begin(station, meter=-(2**62) + 1)
    given.meter(given.a_reading(station, started.transaction_id, energy=2**62 - 1))
    assert given.session(started).energy_wh == 2**63 - 2


def test_a_stopped_session_shows_what_the_stop_said(station, started):
    given.finish(station, started.transaction_id, meter=9000)
    given.meter(given.a_reading(station, started.transaction_id, minute=90, energy=20_000, power=9))
    assert shown(started)[:2] == (8000, None)


def test_several_sessions_show_their_own(station, started):
    given.a_card("CARD-2")
    second = given.begin(station, connector=2, tag="CARD-2", meter=0)
    given.meter(
        given.a_reading(station, second.transaction_id, connector=2, energy=700),
        given.a_reading(station, started.transaction_id, energy=1700),
    )
    assert (shown(started)[0], shown(second)[0]) == (700, 700)
