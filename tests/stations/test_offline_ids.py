"""Stops that name -1 or 0: stations that started offline and never learned their number."""

from __future__ import annotations

import pytest

from stations.models import ChargingSession, MeterValue, SessionStatus
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


@pytest.mark.parametrize("number", [-1, 0])
def test_it_ends_the_only_open_session_it_can_be(station, number):
    started = given.begin(station)
    given.finish(station, number, id_tag="CARD-1")
    stored = given.session(started)
    assert (stored.status, stored.energy_wh) == (SessionStatus.COMPLETED, 8000)
    assert stored.reported_transaction_id == number


def test_it_recognises_the_repeated_stop(station):
    given.begin(station)
    given.finish(station, -1, id_tag="CARD-1")
    given.finish(station, -1, id_tag="CARD-1")
    assert ChargingSession.objects.count() == 1


def test_it_finds_the_session_by_the_card(station):
    given.a_card("CARD-2")
    first = given.begin(station, connector=1)
    second = given.begin(station, connector=2, tag="CARD-2", minute=1)
    given.finish(station, -1, id_tag="card-2")
    assert given.session(first).status == SessionStatus.ACTIVE
    assert given.session(second).status == SessionStatus.COMPLETED


def test_it_prefers_the_open_session_to_one_that_was_inferred_to_have_ended(station):
    stale = given.begin(station, minute=-90)
    current = given.begin(station, minute=0)
    given.finish(station, -1, id_tag="CARD-1")
    assert given.session(stale).status == SessionStatus.INFERRED
    assert given.session(current).status == SessionStatus.COMPLETED


def test_it_does_not_end_a_session_after_which_another_one_began(station):
    stale = given.begin(station, minute=-90, meter=1000)
    current = given.begin(station, minute=0, meter=5000)
    given.finish(station, current.transaction_id, minute=60, meter=8000)
    given.finish(station, -1, minute=60, meter=8000, id_tag="CARD-1")
    assert given.session(stale).status == SessionStatus.INFERRED
    assert given.session(current).energy_wh == 3000


def test_it_does_not_guess_between_two_open_sessions(station):
    given.a_card("CARD-2")
    first = given.begin(station, connector=1)
    second = given.begin(station, connector=2, tag="CARD-2", minute=1)
    given.finish(station, -1)
    assert given.session(first).status == SessionStatus.ACTIVE
    assert given.session(second).status == SessionStatus.ACTIVE
    assert ChargingSession.objects.get(status=SessionStatus.ORPHANED).review_reasons == ["NoStart"]


def test_it_never_ends_a_session_of_another_station(station, other_station):
    started = given.begin(other_station)
    given.finish(station, -1, id_tag="CARD-1")
    assert given.session(started).status == SessionStatus.ACTIVE


def test_it_does_not_end_a_session_that_began_later(station):
    started = given.begin(station, minute=0)
    given.finish(station, -1, minute=-5, id_tag="CARD-1")
    assert given.session(started).status == SessionStatus.ACTIVE


def test_it_does_not_end_a_session_whose_register_began_higher(station):
    started = given.begin(station, meter=50_000)
    given.finish(station, -1, meter=9000, id_tag="CARD-1")
    assert given.session(started).status == SessionStatus.ACTIVE


def test_the_readings_of_the_stop_belong_to_the_session_it_ended(station):
    started = given.begin(station, connector=2)
    given.finish(station, -1, readings=(given.a_reading(station, -1, connector=0),))
    kept = MeterValue.objects.get()
    assert kept.session_id == started.transaction_id
    assert kept.connector.connector_id == 2
