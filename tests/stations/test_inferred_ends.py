"""Sessions whose stop is missing or late: closed as inferred, completed by the late stop."""

from __future__ import annotations

import pytest

from stations.models import SessionStatus
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


def test_a_new_start_on_the_connector_ends_the_stale_session(station):
    stale = given.begin(station)
    current = given.begin(station, minute=120)
    stored = given.session(stale)
    assert stored.status == SessionStatus.INFERRED
    assert (stored.needs_review, stored.review_reasons) == (True, ["NoStop"])
    assert given.session(current).status == SessionStatus.ACTIVE


def test_a_session_that_is_said_to_begin_in_the_future_is_older_than_the_next(station):
    ahead = given.begin(station, minute=5_000_000, heard=given.after(0))  # its clock said 2034
    for minute in (60, 120):
        current = given.begin(station, minute=minute)
        assert given.session(current).status == SessionStatus.ACTIVE
        assert given.session(ahead).status == SessionStatus.INFERRED
    assert given.session(ahead).review_reasons == ["NoStop"]


def test_a_connector_that_is_free_ends_what_is_said_to_begin_in_the_future(station):
    ahead = given.begin(station, minute=5_000_000, heard=given.after(0))
    given.report(station, "Available", minute=30)
    assert given.session(ahead).status == SessionStatus.INFERRED


def test_a_new_start_on_another_connector_ends_nothing(station):
    first = given.begin(station, connector=1)
    given.begin(station, connector=2, minute=120)
    assert given.session(first).status == SessionStatus.ACTIVE


def test_an_inferred_session_keeps_what_was_metered(station):
    stale = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, stale.transaction_id, minute=30, energy=4000))
    given.begin(station, minute=120)
    stored = given.session(stale)
    assert (stored.energy_wh, stored.meter_stop_wh) == (3000, 4000)
    assert stored.stopped_at == given.after(30)


def test_the_late_stop_completes_it_and_clears_the_flag(station):
    stale = given.begin(station)
    given.begin(station, minute=120)
    given.finish(station, stale.transaction_id, minute=60, meter=9000)
    stored = given.session(stale)
    assert (stored.status, stored.energy_wh) == (SessionStatus.COMPLETED, 8000)
    assert stored.stopped_at == given.after(60)
    assert (stored.needs_review, stored.review_reasons) == (False, [])


def test_the_late_stop_keeps_flags_of_its_own(station):
    stale = given.begin(station, meter=5000)
    given.begin(station, minute=120)
    given.finish(station, stale.transaction_id, meter=10)
    assert given.session(stale).review_reasons == ["RegisterMismatch"]


def test_a_start_that_arrives_after_a_younger_one_does_not_end_the_younger(station):
    younger = given.begin(station, minute=120)
    older = given.begin(station, minute=0, heard=given.after(121))
    assert given.session(younger).status == SessionStatus.ACTIVE
    assert given.session(older).status == SessionStatus.INFERRED
    assert given.session(older).review_reasons == ["NoStop"]


def test_the_stop_of_a_start_that_arrived_late_completes_it(station):
    younger = given.begin(station, minute=120, meter=9000)
    older = given.begin(station, minute=0, meter=1000, heard=given.after(121))
    given.finish(station, older.transaction_id, minute=60, meter=9000)
    given.finish(station, younger.transaction_id, minute=180, meter=9500)
    assert [given.session(s).energy_wh for s in (older, younger)] == [8000, 500]
    assert [given.session(s).needs_review for s in (older, younger)] == [False, False]


def test_a_connector_that_becomes_available_ends_its_session(station):
    started = given.begin(station)
    given.report(station, "Available", minute=70)
    assert given.session(started).status == SessionStatus.INFERRED


def test_a_connector_that_became_available_before_the_start_ends_nothing(station):
    started = given.begin(station, minute=10)
    given.report(station, "Available", minute=5, heard=11)
    assert given.session(started).status == SessionStatus.ACTIVE


def test_another_connector_that_becomes_available_ends_nothing(station):
    started = given.begin(station, connector=1)
    given.report(station, "Available", connector=2, minute=70)
    assert given.session(started).status == SessionStatus.ACTIVE


def test_the_station_itself_becoming_available_ends_nothing(station):
    started = given.begin(station)
    given.report(station, "Available", connector=0, minute=70)
    assert given.session(started).status == SessionStatus.ACTIVE


@pytest.mark.parametrize("status", ["SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted"])
def test_other_statuses_end_nothing(station, status):
    started = given.begin(station)
    given.report(station, status, minute=70)
    assert given.session(started).status == SessionStatus.ACTIVE


def test_a_stop_after_the_connector_became_available_completes_the_session(station):
    started = given.begin(station)
    given.report(station, "Available", minute=61)
    given.finish(station, started.transaction_id, minute=60)
    stored = given.session(started)
    assert (stored.status, stored.needs_review) == (SessionStatus.COMPLETED, False)


def test_an_inferred_end_is_never_before_the_start(station):
    started = given.begin(station, minute=50)
    given.meter(given.a_reading(station, started.transaction_id, minute=40))
    given.report(station, "Available", minute=70)
    assert given.session(started).stopped_at == given.after(50)


def test_readings_that_arrive_late_still_count_for_an_inferred_session(station):
    stale = given.begin(station, meter=1000)
    given.begin(station, minute=120)
    given.meter(given.a_reading(station, stale.transaction_id, minute=90, energy=6000))
    stored = given.session(stale)
    assert (stored.energy_wh, stored.meter_stop_wh) == (5000, 6000)
    assert stored.stopped_at == given.after(90)
    given.meter(given.a_reading(station, stale.transaction_id, minute=80, energy=5500))
    again = given.session(stale)
    assert (again.energy_wh, again.meter_stop_wh) == (5000, 6000)
    assert again.stopped_at == given.after(90)


def test_a_start_that_arrives_after_a_younger_one_ended_has_ended_as_well(station):
    younger = given.begin(station, minute=120)
    given.finish(station, younger.transaction_id, minute=180)
    older = given.begin(station, minute=0, heard=given.after(200))
    assert given.session(older).status == SessionStatus.INFERRED
    assert given.session(older).stopped_at == given.NOON


def test_a_start_that_arrives_late_between_two_others_changes_neither(station):
    first = given.begin(station, minute=0)
    last = given.begin(station, minute=240)
    middle = given.begin(station, minute=120, heard=given.after(250))
    assert [given.session(one).status for one in (first, middle, last)] == [
        SessionStatus.INFERRED,
        SessionStatus.INFERRED,
        SessionStatus.ACTIVE,
    ]
    for minute, one in ((60, first), (180, middle), (300, last)):
        given.finish(station, one.transaction_id, minute=minute)
    assert given.kinds() == []


def test_a_start_that_arrives_after_the_connector_was_available_has_ended(station):
    given.report(station, "Available", minute=70)
    given.report(station, "Preparing", minute=75)
    started = given.begin(station, minute=0, heard=given.after(80))
    assert given.session(started).status == SessionStatus.INFERRED
    following = given.begin(station, minute=76, heard=given.after(81))
    assert given.session(following).status == SessionStatus.ACTIVE


def test_an_available_that_arrives_late_ends_the_session_as_well(station):
    started = given.begin(station)
    given.report(station, "Preparing", minute=80)
    given.report(station, "Available", minute=70, heard=81)
    assert given.session(started).status == SessionStatus.INFERRED
    assert given.connector(station).status == "Preparing"


def test_a_station_without_a_clock_is_not_taken_to_be_late(station):
    given.finish(station, given.begin(station, minute=-600).transaction_id, minute=-500)
    started = given.begin(station, minute=-60 * 24 * 365 * 55, heard=given.NOON)
    assert given.session(started).started_at.year < 1971
    assert given.session(started).status == SessionStatus.ACTIVE
