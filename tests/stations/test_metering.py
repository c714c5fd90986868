"""Meter values: each stored once, with its session where it has one, many stations in one call."""

from __future__ import annotations

import pytest

from stations.models import ChargingSession, Connector, MeterValue
from tests.stations import given
from tests.stations.counting import statements

pytestmark = pytest.mark.usefixtures("card")


def test_it_stores_a_reading_with_its_session(station):
    started = given.begin(station)
    given.meter(given.a_reading(station, started.transaction_id, energy=2000, power=7000, soc=41.5))
    stored = MeterValue.objects.get()
    assert stored.session_id == started.transaction_id
    assert (stored.energy_wh, stored.power_w, stored.soc_percent) == (2000, 7000, 41.5)
    assert stored.sampled_at == given.after(10)
    assert stored.sampled_at_raw == given.after(10).isoformat()
    assert stored.received_at == given.NOON


def test_it_stores_a_repeated_reading_once(station):
    reading = given.a_reading(station)
    given.meter(reading)
    given.meter(reading, reading)
    assert MeterValue.objects.count() == 1


def test_it_stores_two_readings_of_the_same_moment_that_differ(station):
    given.meter(given.a_reading(station, energy=1), given.a_reading(station, energy=2))
    assert MeterValue.objects.count() == 2


def test_it_stores_the_same_reading_of_two_connectors(station):
    given.meter(given.a_reading(station, connector=1), given.a_reading(station, connector=2))
    assert MeterValue.objects.count() == 2


def test_it_makes_connectors_nobody_reported_yet(station):
    given.meter(*(given.a_reading(station, connector=number) for number in (0, 1, 7)))
    assert sorted(Connector.objects.values_list("connector_id", flat=True)) == [0, 1, 7]


def test_it_keeps_a_reading_of_a_transaction_nobody_knows(station):
    given.meter(given.a_reading(station, 4711))
    stored = MeterValue.objects.get()
    assert (stored.session_id, stored.reported_transaction_id) == (None, 4711)


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**62, -(2**62)])
def test_it_keeps_a_reading_of_a_number_no_session_can_have(station, number):
    given.meter(given.a_reading(station, number))
    stored = MeterValue.objects.get()
    assert (stored.session_id, stored.reported_transaction_id) == (None, number)


def test_it_keeps_a_reading_without_a_transaction(station):
    given.meter(given.a_reading(station, None))
    stored = MeterValue.objects.get()
    assert (stored.session_id, stored.reported_transaction_id) == (None, None)


def test_it_never_adds_to_another_stations_session(station, other_station):
    started = given.begin(other_station)
    given.meter(given.a_reading(station, started.transaction_id, energy=50_000))
    assert given.session(started).energy_wh == 0
    assert MeterValue.objects.get().session is None


def test_it_stores_readings_of_several_stations_in_one_call(station, other_station):
    given.a_card("CARD-2")
    here, there = given.begin(station), given.begin(other_station, tag="CARD-2")
    given.meter(
        given.a_reading(station, here.transaction_id, energy=3000),
        given.a_reading(other_station, there.transaction_id, energy=4000),
        given.a_reading(station, there.transaction_id, energy=9999),
    )
    assert [given.session(s).energy_wh for s in (here, there)] == [2000, 3000]
    assert MeterValue.objects.count() == 3


def test_it_stores_readings_that_arrive_after_the_stop(station):
    started = given.begin(station)
    given.finish(station, started.transaction_id)
    given.meter(given.a_reading(station, started.transaction_id, minute=30, energy=4000))
    assert MeterValue.objects.get().session_id == started.transaction_id
    assert given.session(started).energy_wh == 8000


def test_it_stores_a_backlog_from_long_ago(station):
    started = given.begin(station, minute=-60 * 24 * 90)
    given.meter(given.a_reading(station, started.transaction_id, minute=-60 * 24 * 89, energy=5000))
    assert given.session(started).energy_wh == 4000


def test_it_asks_the_database_nothing_without_readings(station):
    with statements() as asked:
        given.meter()
    assert asked == []


def test_it_keeps_registers_of_any_size(station):
    given.meter(given.a_reading(station, energy=2**62 - 1), given.a_reading(station, energy=-5))
    assert set(MeterValue.objects.values_list("energy_wh", flat=True)) == {2**62 - 1, -5}


def test_it_asks_the_database_as_often_for_a_thousand_readings_as_for_one(station, other_station):
    given.meter(
        *(given.a_reading(s, connector=c) for s in (station, other_station) for c in (1, 2))
    )

    def count(minutes: range) -> int:
        with statements() as asked:
            given.meter(
                *(
                    given.a_reading(s, connector=c, minute=minute)
                    for minute in minutes
                    for s in (station, other_station)
                    for c in (1, 2)
                )
            )
        return len(asked)

    assert 0 < count(range(100, 350)) == count(range(20, 21))
    assert MeterValue.objects.count() == 4 + 4 + 1000


def test_one_call_makes_many_connectors_with_few_statements(station):
    with statements() as asked:
        given.meter(*(given.a_reading(station, connector=number) for number in range(50)))
    assert 0 < len(asked) < 10
    assert Connector.objects.count() == 50


def test_it_forgets_no_reading_when_a_station_sends_the_same_moment_for_two_sessions(station):
    given.a_card("CARD-2")
    first = given.begin(station, connector=1)
    second = given.begin(station, connector=2, tag="CARD-2")
    given.meter(
        given.a_reading(station, first.transaction_id, connector=1),
        given.a_reading(station, second.transaction_id, connector=2),
    )
    assert MeterValue.objects.filter(session__isnull=False).count() == 2
    assert ChargingSession.objects.filter(energy_wh=1000).count() == 2
