"""Sessions under way at stations that are away: flagged, ended by an operator, or back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, DomainError
from stations.services import sessions, settling, silence, stations
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")
DAY = 24 * 60


@pytest.fixture
def left(connected):
    """A session under way at a station that went away at noon."""
    started = given.begin(connected, minute=-60, meter=1000)
    given.meter(given.a_reading(connected, started.transaction_id, minute=-30, energy=3000))
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    return started


def look(minute: float = DAY + 1) -> int:
    """The periodic look."""
    return silence.notice_silent_sessions(at=given.after(minute))


def decide(verb, kind="SilentSession", minute=DAY + 5, **fields):
    """An operator settles it."""
    number = given.case(kind).pk
    return verb(case_id=number, who=given.decided(), at=given.after(minute), **fields)


def test_it_is_a_case_after_the_hours_of_the_settings_and_only_one(left, settings):
    settings.OCPP_SILENT_SESSION_HOURS = 2
    assert look(119) == 0
    assert look(121) == 1
    assert look(122) == 0
    assert given.case("SilentSession").session_id == left.transaction_id
    assert given.session(left).review_reasons == ["Silent"]


def test_a_session_at_a_station_that_is_there_is_no_case(connected):
    given.begin(connected)
    assert look() == 0


def test_a_station_that_is_back_takes_its_session_out_of_the_queue(left, connected):
    look()
    given.a_connected_station()
    look(DAY + 2)
    assert given.kinds() == []
    assert given.session(left).status == "Active"
    assert not given.session(left).needs_review


@pytest.mark.parametrize("verb", [settling.end, settling.accept, settling.discard])
def test_a_session_whose_station_is_back_is_not_ended_behind_its_back(left, verb):
    look()
    given.a_connected_station()
    with pytest.raises(Conflict, match="its station is there"):
        decide(verb)
    assert given.session(left).status == "Active"


def test_its_own_stop_settles_it(left, connected):
    look()
    given.finish(connected, left.transaction_id, minute=10, meter=9000)
    assert given.kinds() == []
    assert given.session(left).energy_wh == 8000


def test_ending_it_lets_its_card_charge_elsewhere(left, other_station):
    look()
    elsewhere = {"station_id": other_station.pk, "id_tag": "CARD-1", "at": given.after(DAY)}
    assert sessions.authorize(**elsewhere).status == "ConcurrentTx"
    decide(settling.end)
    assert sessions.authorize(**elsewhere).status == "Accepted"
    stored = given.session(left)
    assert (stored.status, stored.energy_wh) == ("Inferred", 2000)
    assert stored.stopped_at == given.after(-30)
    assert given.kinds() == ["InferredStop"]


def test_the_real_stop_still_completes_what_an_operator_only_ended(left, connected):
    look()
    decide(settling.end)
    given.finish(connected, left.transaction_id, minute=10, meter=9000)
    assert (given.session(left).status, given.session(left).energy_wh) == ("Completed", 8000)
    assert given.kinds() == []


def test_the_real_stop_after_its_energy_was_accepted_is_a_new_case(left, connected):
    look()
    decide(settling.accept, energy_wh=2500)
    stored = given.session(left)
    assert (stored.status, stored.energy_wh, stored.needs_review) == ("Completed", 2500, False)
    given.finish(connected, left.transaction_id, minute=10, meter=9000)
    assert given.session(left).energy_wh == 2500
    assert given.kinds() == ["SecondStop"]


def test_it_may_be_ended_at_a_time_somebody_knows_but_not_in_the_future(left):
    look()
    with pytest.raises(DomainError):
        decide(settling.end, stopped_at=given.after(DAY + 60))
    decide(settling.end, stopped_at=given.after(-10))
    assert given.session(left).stopped_at == given.after(-10)


def test_a_new_start_on_its_connector_leaves_only_what_is_true(left, connected):
    look()
    given.begin(connected, minute=DAY + 10)
    assert given.kinds(session=left.transaction_id) == ["InferredStop"]


def test_a_station_that_never_said_when_it_left_is_judged_by_the_start(station):
    given.begin(station)
    assert silence.notice_silent_sessions(at=given.NOON + timedelta(hours=23)) == 0
    assert silence.notice_silent_sessions(at=given.NOON + timedelta(hours=25)) == 1
