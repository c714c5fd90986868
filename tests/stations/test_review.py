"""What goes wrong about a session is a case in the review queue, and may end by itself."""

from __future__ import annotations

import pytest

from stations.models import ReviewCase
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


def test_a_session_without_anything_odd_opens_no_case(station):
    given.finish(station, given.begin(station).transaction_id)
    assert not ReviewCase.objects.exists()


def test_an_orphaned_stop_is_a_case_with_its_station_card_and_session(station):
    given.finish(station, 4711, meter=500, id_tag="CARD-9")
    case = given.case("OrphanedStop")
    assert (case.station, case.id_tag, case.reason) == (station, "CARD-9", "NoStart")
    assert case.session.reported_transaction_id == 4711
    assert case.first_seen_at == given.after(60)


def test_a_repeated_orphan_is_counted_on_its_case(station):
    for _ in range(3):
        given.finish(station, 4711)
    assert given.case("OrphanedStop").times_seen == 3


def test_an_inferred_stop_is_a_case_until_the_late_stop_arrives(station):
    stale = given.begin(station)
    given.begin(station, minute=120)
    case = given.case("InferredStop")
    assert case.session_id == stale.transaction_id
    given.finish(station, stale.transaction_id, minute=60, meter=9000)
    case.refresh_from_db()
    assert (case.state, case.resolution) == ("Settled", "CompletedByItself")
    assert case.settled_by is None
    assert case.why
    assert case.changes[f"session {stale.transaction_id}"]["energy_wh"] == [0, 8000]


@pytest.mark.parametrize(
    ("stop", "kind"), [({"meter": 100}, "RegisterMismatch"), ({"minute": -30}, "ClockSkew")]
)
def test_a_stop_that_makes_no_sense_is_a_case(station, stop, kind):
    started = given.begin(station, meter=5000)
    given.finish(station, started.transaction_id, **{"meter": 9000, **stop})
    assert given.kinds() == [kind]


def test_the_late_stop_of_an_inferred_session_leaves_only_the_case_it_causes(station):
    stale = given.begin(station, meter=5000)
    given.begin(station, minute=120)
    given.finish(station, stale.transaction_id, meter=10)
    assert given.kinds(session=stale.transaction_id) == ["RegisterMismatch"]


def test_a_second_stop_that_says_something_else_is_a_case_and_changes_nothing(station):
    started = given.begin(station)
    given.finish(station, started.transaction_id, meter=9000)
    given.finish(station, started.transaction_id, minute=61, meter=90_000)
    case = given.case("SecondStop")
    assert case.evidence["stops"][0]["meter_stop_wh"] == 90_000
    stored = given.session(started)
    assert (stored.energy_wh, stored.review_reasons) == (8000, ["SecondStop"])


def test_a_retry_of_the_stop_with_a_new_time_is_no_case(station):
    started = given.begin(station)
    given.finish(station, started.transaction_id, meter=9000)
    given.finish(station, started.transaction_id, minute=61, meter=9000)
    assert given.kinds() == []


def test_however_many_stops_contradict_each_other_the_evidence_is_bounded(station):
    started = given.begin(station)
    for number in range(20):
        given.finish(station, started.transaction_id, meter=9000 + number)
    case = given.case("SecondStop")
    assert case.times_seen == 19
    assert len(case.evidence["stops"]) == 5


def test_a_repeated_offline_stop_that_left_an_orphan_never_ends_another_session(station):
    given.a_card("CARD-2")
    first = given.begin(station, connector=1)
    second = given.begin(station, connector=2, tag="CARD-2", minute=1)
    given.finish(station, -1)
    given.finish(station, first.transaction_id, minute=70, meter=9500)
    given.finish(station, -1)
    assert given.session(second).status == "Active"
    assert given.case("OrphanedStop").times_seen == 2
