"""Meter values that name no session of ours: noticed, counted, and given to one by an operator."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from stations.models import MeterValue, ReviewCase
from stations.services import settling, unplaced
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


def look(minute: float = 60) -> int:
    """The periodic look."""
    return unplaced.notice_unplaced(at=given.after(minute))


def attach(started, **fields):
    """An operator gives the readings to this session."""
    number = given.case("UnplacedReadings").pk
    who = {"who": given.decided(), "at": given.after(600)}
    return settling.attach(case_id=number, transaction_id=started.transaction_id, **who)


def test_readings_of_a_session_and_of_none_named_are_no_case(station):
    started = given.begin(station)
    given.meter(given.a_reading(station, started.transaction_id), given.a_reading(station))
    assert look() == 0
    assert given.kinds() == []


def test_readings_of_a_session_nobody_knows_are_one_case(station):
    given.meter(*(given.a_reading(station, 4711, minute=minute) for minute in (10, 20, 30)))
    look()
    case = given.case("UnplacedReadings")
    assert (case.station, case.evidence["transactionId"]) == (station, 4711)
    assert case.evidence["connectorId"] == 1
    assert case.evidence["first"] == given.after(10).isoformat()
    assert case.evidence["last"] == given.after(30).isoformat()


def test_they_are_counted_again_only_where_more_came(station):
    given.meter(given.a_reading(station, -1, minute=10))
    assert (look(), look()) == (1, 0)
    given.meter(given.a_reading(station, -1, minute=20))
    assert look() == 1
    case = given.case("UnplacedReadings")
    assert case.times_seen == 2
    assert case.evidence["first"] == given.after(10).isoformat()


def test_a_station_that_makes_numbers_up_fills_no_table(station):
    given.meter(*(given.a_reading(station, 5000 + n, minute=n) for n in range(40)))
    assert look() == 40
    assert look() == 0
    assert ReviewCase.objects.count() == 21


def test_attached_readings_show_on_a_session_that_is_open(station):
    started = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, 4711, minute=30, energy=4000))
    look()
    attach(started)
    assert given.session(started).energy_wh == 3000
    assert MeterValue.objects.get().session_id == started.transaction_id
    assert given.kinds() == []


def test_attached_readings_do_not_change_the_energy_of_a_stopped_session(station):
    started = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, 4711, minute=30, energy=70_000))
    given.finish(station, started.transaction_id, meter=9000)
    look()
    attach(started)
    assert given.session(started).energy_wh == 8000
    assert given.session(started).meter_values.count() == 1


def test_only_what_was_sampled_in_its_time_moves_and_the_rest_is_a_case_again(station):
    first = given.begin(station, meter=1000)
    given.meter(*(given.a_reading(station, 4711, minute=m, energy=4000 + m) for m in (30, 150)))
    second = given.begin(station, minute=120, meter=4100)
    look()
    attach(first)
    assert given.session(first).energy_wh == 3030
    assert given.case("UnplacedReadings").evidence["first"] == given.after(150).isoformat()
    attach(second)
    assert given.session(second).energy_wh == 50
    assert given.kinds() == ["InferredStop"]


def test_a_session_whose_time_covers_none_of_them_is_refused(station):
    given.meter(given.a_reading(station, -1, minute=-30))
    started = given.begin(station)
    look()
    with pytest.raises(DomainError) as refused:
        attach(started)
    assert list(refused.value.fields) == ["sessionId"]
    assert given.kinds() == ["UnplacedReadings"]


def test_discarded_readings_are_not_raised_again_until_more_come(station):
    given.meter(given.a_reading(station, -1, minute=10))
    look()
    settling.discard(
        case_id=given.case("UnplacedReadings").pk, who=given.decided(), at=given.after(60)
    )
    assert look() == 0
    given.meter(given.a_reading(station, -1, minute=20))
    assert look() == 1
    assert given.kinds() == ["UnplacedReadings"]
