"""Readings under -1 or 0: filed by connector and time, whatever arrives first."""

from __future__ import annotations

import itertools

import pytest

from stations.models import MeterValue, SessionStatus
from stations.services import unplaced
from tests.stations import given
from tests.stations.counting import statements

pytestmark = pytest.mark.usefixtures("card")


def filed(station, minute=30):
    """The number of the session that has the reading of this minute."""
    return MeterValue.objects.get(
        connector__station=station, sampled_at=given.after(minute)
    ).session_id


@pytest.mark.parametrize("number", [-1, 0])
def test_it_belongs_to_the_session_on_its_connector(station, number):
    given.a_card("CARD-2")
    started = given.begin(station, connector=2, meter=1000)
    given.begin(station, connector=1, tag="CARD-2", minute=10)
    given.meter(given.a_reading(station, number, connector=2, minute=30, energy=4000, power=7000))
    assert filed(station) == started.transaction_id
    stored = given.session(started)
    assert (stored.energy_wh, stored.power_w) == (3000, 7000)
    assert (stored.last_register_wh, stored.last_reading_at) == (4000, given.after(30))


def test_it_waits_for_its_start(station):
    given.meter(given.a_reading(station, -1, minute=30, energy=4000))
    started = given.begin(station, meter=1000, heard=given.after(40))
    assert filed(station) == started.transaction_id
    assert given.session(started).energy_wh == 3000


def test_it_moves_to_the_session_that_had_begun_later(station):
    first = given.begin(station, minute=0, meter=1000)
    given.meter(
        given.a_reading(station, -1, minute=10, energy=2000),
        given.a_reading(station, -1, minute=30, energy=4000),
    )
    second = given.begin(station, minute=20, meter=3000, heard=given.after(40))
    assert (filed(station, 10), filed(station, 30)) == (
        first.transaction_id,
        second.transaction_id,
    )
    assert (given.session(first).energy_wh, given.session(second).energy_wh) == (1000, 1000)
    assert given.session(first).stopped_at == given.after(10)


def test_it_is_none_of_a_session_that_had_stopped(station):
    started = given.begin(station)
    given.meter(given.a_reading(station, -1, minute=70))
    assert filed(station, 70) == started.transaction_id
    given.finish(station, started.transaction_id, minute=60)
    assert filed(station, 70) is None
    given.meter(given.a_reading(station, -1, minute=80))
    assert filed(station, 80) is None


def test_it_comes_back_when_the_stop_was_anothers(station):
    first = given.begin(station, connector=1, meter=1000)
    given.finish(station, -1, minute=60, meter=9000, id_tag="CARD-1")
    given.meter(given.a_reading(station, -1, minute=70, energy=9500))
    assert filed(station, 70) is None
    given.begin(station, connector=2, minute=10, meter=2000)
    assert filed(station, 70) == first.transaction_id
    assert given.session(first).energy_wh == 8500


def test_it_is_none_of_a_later_session(station):
    given.begin(station, minute=60)
    given.meter(given.a_reading(station, -1, minute=30))
    assert filed(station) is None


def test_it_is_none_of_another_stations_session(station, other_station):
    given.begin(other_station)
    given.meter(given.a_reading(station, -1, minute=30))
    assert filed(station) is None


@pytest.mark.parametrize("named_first", [True, False])
def test_it_is_stored_once_though_it_was_sent_under_the_number_as_well(station, named_first):
    started = given.begin(station)
    numbers = [started.transaction_id, -1, 0]
    for number in numbers if named_first else reversed(numbers):
        given.meter(given.a_reading(station, number, minute=30))
    assert filed(station) == started.transaction_id


def test_a_repetition_is_stored_once(station):
    given.meter(given.a_reading(station, -1, minute=30))
    started = given.begin(station)
    for _ in range(2):
        given.meter(given.a_reading(station, -1, minute=30))
    assert filed(station) == started.transaction_id


PIECES = ("by itself", "with the stop", "start")


@pytest.mark.parametrize("order", [*itertools.permutations(PIECES)], ids="-".join)
def test_it_is_stored_once_though_the_stop_brought_it_as_well(station, order):
    reading = given.a_reading(station, -1, minute=30)
    tell = {
        "by itself": lambda: given.meter(reading),
        "with the stop": lambda: given.finish(
            station, -1, id_tag="CARD-1", readings=(reading._replace(connector_id=0),)
        ),
        "start": lambda: given.begin(station),
    }
    told = {piece: tell[piece]() for piece in order}
    started = told["start"]
    assert filed(station) == started.transaction_id
    assert given.session(started).status == SessionStatus.COMPLETED


def test_a_reading_without_any_number_is_left_alone(station):
    given.meter(given.a_reading(station, None, minute=30))
    given.begin(station)
    assert filed(station) is None


def test_a_reading_under_a_number_of_its_own_is_left_where_it_says(station):
    first = given.begin(station, minute=0)
    given.meter(given.a_reading(station, first.transaction_id, minute=30))
    given.begin(station, minute=20, heard=given.after(40))
    assert filed(station) == first.transaction_id


def test_the_case_of_readings_that_found_their_session_is_over(station):
    given.meter(given.a_reading(station, -1, minute=30))
    unplaced.notice_unplaced(at=given.after(31))
    assert given.kinds() == ["UnplacedReadings"]
    given.begin(station, heard=given.after(40))
    assert given.kinds() == []


def test_the_case_stays_while_some_of_them_have_no_session(station):
    given.meter(*(given.a_reading(station, -1, minute=minute) for minute in (-30, 30)))
    unplaced.notice_unplaced(at=given.after(31))
    given.begin(station, heard=given.after(40))
    assert given.kinds() == ["UnplacedReadings"]


def test_readings_under_their_number_cost_what_they_did(station):
    started = given.begin(station)

    def asked(number, minute):
        with statements() as seen:
            given.meter(given.a_reading(station, number, minute=minute))
        return len([text for text in seen if "SAVEPOINT" not in text])

    assert asked(started.transaction_id, 10) == 4
    assert asked(-1, 20) > 4


def test_readings_of_1970_keep_their_time_and_show_only_until_there_are_better_ones(station):
    started = given.begin(station, meter=1000)
    long_ago = given.a_reading(station, started.transaction_id, energy=2000)._replace(
        sampled_at=given.datetime(1970, 1, 1, 0, 5, tzinfo=given.UTC)
    )
    given.meter(given.a_reading(station, started.transaction_id, minute=30, energy=4000))
    given.meter(long_ago)
    stored = given.session(started)
    assert (stored.energy_wh, stored.last_reading_at) == (3000, given.after(30))
    assert MeterValue.objects.filter(sampled_at__year=1970, session=stored).exists()
