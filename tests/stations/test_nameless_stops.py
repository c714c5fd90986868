"""Stops under -1 in any order of arrival: whose they are follows from what is known by the end."""

from __future__ import annotations

import itertools

import pytest

from stations.models import ChargingSession, MeterValue, ReviewCase, SessionStatus
from stations.services import settling
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


def nameless(station, *, minute, meter, card="CARD-1", **more):
    """A stop of a station that never learned the number."""
    given.finish(station, -1, minute=minute, meter=meter, id_tag=card, **more)


def ends(*started):
    """When each session ended, in minutes after noon, and with how much energy."""
    found = [given.session(one) for one in started]
    assert {one.status for one in found} == {SessionStatus.COMPLETED}
    return [(minutes(one.stopped_at), one.energy_wh) for one in found]


def minutes(moment):
    """So many after noon."""
    return (moment - given.NOON).total_seconds() / 60


def orphans():
    """How many stops wait for their session."""
    return ChargingSession.objects.filter(status=SessionStatus.ORPHANED).count()


def test_a_stop_that_came_before_its_start_becomes_its_stop(station):
    nameless(station, minute=60, meter=9000, reason="PowerLoss")
    assert given.kinds() == ["OrphanedStop"]
    started = given.begin(station, heard=given.after(70))
    assert ends(started) == [(60, 8000)]
    stored = given.session(started)
    assert (stored.stop_reason, stored.reported_transaction_id) == ("PowerLoss", -1)
    assert stored.stop_received_at == given.after(60)
    assert (orphans(), given.kinds(), stored.needs_review) == (0, [], False)


def test_the_case_of_a_stop_that_found_its_session_stays_with_it(station):
    nameless(station, minute=60, meter=9000)
    started = given.begin(station, heard=given.after(70))
    case = ReviewCase.objects.get(kind="OrphanedStop")
    assert (case.resolution, case.session_id) == ("CompletedByItself", started.transaction_id)
    assert case.changes[f"session {started.transaction_id}"]["energy_wh"] == [0, 8000]


def test_a_start_repeated_after_its_stop_found_it_changes_nothing(station):
    nameless(station, minute=60, meter=9000)
    started = given.begin(station, heard=given.after(70))
    assert given.begin(station, heard=given.after(80)).transaction_id == started.transaction_id
    nameless(station, minute=60, meter=9000)
    assert ends(started) == [(60, 8000)]
    assert ChargingSession.objects.count() == 1


def test_a_stop_moves_on_when_the_start_it_belongs_to_arrives(station):
    first = given.begin(station, minute=0, meter=1000)
    nameless(station, minute=180, meter=9000)
    assert ends(first) == [(180, 8000)]
    second = given.begin(station, minute=120, meter=5000, heard=given.after(200))
    assert ends(second) == [(180, 4000)]
    stored = given.session(first)
    assert (stored.status, stored.review_reasons) == (SessionStatus.INFERRED, ["NoStop"])
    assert (stored.stop_reason, stored.stop_received_at, stored.energy_wh) == ("", None, 0)
    given.finish(station, first.transaction_id, minute=60, meter=4000)
    assert ends(first, second) == [(60, 3000), (180, 4000)]


def test_a_session_its_stop_was_taken_from_shows_what_was_metered(station):
    first = given.begin(station, minute=0, meter=1000)
    given.meter(given.a_reading(station, first.transaction_id, minute=50, energy=3500))
    nameless(station, minute=180, meter=9000)
    given.begin(station, minute=120, meter=5000)
    stored = given.session(first)
    assert (stored.energy_wh, stored.meter_stop_wh) == (2500, 3500)
    assert stored.stopped_at == given.after(50)


def test_a_session_whose_stop_was_anothers_goes_on(station):
    first = given.begin(station, connector=1, minute=0, meter=1000)
    nameless(station, minute=60, meter=9000)
    second = given.begin(station, connector=2, minute=10, meter=2000, heard=given.after(70))
    assert orphans() == 1  # it may be either's
    assert {given.session(one).status for one in (first, second)} == {SessionStatus.ACTIVE}
    given.finish(station, first.transaction_id, minute=90, meter=7000)
    assert ends(first, second) == [(90, 6000), (60, 7000)]


def test_the_own_stop_of_a_session_sends_the_other_one_on(station):
    given.a_card("CARD-2")
    first = given.begin(station, minute=0, meter=1000)
    nameless(station, minute=60, meter=9000)
    given.finish(station, first.transaction_id, minute=30, meter=3000)
    assert ends(first) == [(30, 2000)]
    assert given.session(first).reported_transaction_id is None
    assert orphans() == 1
    second = given.begin(station, minute=40, meter=3000, heard=given.after(70))
    assert ends(first, second) == [(30, 2000), (60, 6000)]
    assert orphans() == 0


@pytest.mark.parametrize("own_first", [True, False])
def test_one_stop_under_two_numbers_is_one(station, own_first):
    started = given.begin(station, meter=1000)
    numbers = [started.transaction_id, -1] if own_first else [-1, started.transaction_id]
    for number in numbers:
        given.finish(station, number, id_tag="CARD-1")
    assert ends(started) == [(60, 8000)]
    assert (ChargingSession.objects.count(), given.kinds()) == (1, [])


def test_one_stop_under_two_numbers_is_one_where_it_had_been_an_orphan(station):
    first = given.begin(station, connector=1, minute=0, meter=1000)
    given.begin(station, connector=2, minute=1, meter=1000)
    nameless(station, minute=60, meter=9000)
    assert orphans() == 1
    given.finish(station, first.transaction_id, minute=60, meter=9000, id_tag="CARD-1")
    assert ends(first) == [(60, 8000)]
    assert orphans() == 0


TOLD = ("first start", "first stop", "second start", "second stop")


@pytest.mark.parametrize("order", [*itertools.permutations(TOLD)], ids="-".join)
def test_two_sessions_without_numbers_end_alike_in_every_order(station, order):
    tell = {
        "first start": lambda: given.begin(station, minute=0, meter=1000),
        "first stop": lambda: nameless(station, minute=60, meter=5000),
        "second start": lambda: given.begin(station, minute=120, meter=5000),
        "second stop": lambda: nameless(station, minute=180, meter=9000),
    }
    told = {what: tell[what]() for what in order}
    assert ends(told["first start"], told["second start"]) == [(60, 4000), (180, 4000)]
    assert (ChargingSession.objects.count(), given.kinds()) == (2, [])


@pytest.mark.parametrize("order", [*itertools.permutations(TOLD)], ids="-".join)
def test_two_connectors_without_numbers_end_alike_in_every_order(station, order):
    given.a_card("CARD-2")
    tell = {
        "first start": lambda: given.begin(station, connector=1, minute=0, meter=1000),
        "first stop": lambda: nameless(station, minute=60, meter=5000),
        "second start": lambda: given.begin(station, connector=2, tag="CARD-2", minute=10),
        "second stop": lambda: nameless(station, minute=50, meter=9000, card="card-2"),
    }
    told = {what: tell[what]() for what in order}
    assert ends(told["first start"], told["second start"]) == [(60, 4000), (50, 8000)]
    assert (ChargingSession.objects.count(), given.kinds()) == (2, [])


def test_a_connector_that_was_available_since_is_not_where_the_stop_was(station):
    stale = given.begin(station, connector=1, minute=0, meter=1000)
    running = given.begin(station, connector=2, minute=40, meter=1000)
    nameless(station, minute=60, meter=9000)
    assert orphans() == 1
    given.report(station, "Available", connector=1, minute=30, heard=70)
    assert ends(running) == [(60, 8000)]
    assert given.session(stale).status == SessionStatus.INFERRED


def test_a_stop_whose_session_an_operator_settled_stays_where_it_is(station):
    first = given.begin(station, minute=0, meter=1000)
    nameless(station, minute=180, meter=900_000)
    given.finish(station, first.transaction_id, minute=181, meter=12)  # lets the first one go
    settling.accept(
        case_id=given.case("RegisterMismatch").pk,
        who=given.decided(),
        at=given.after(600),
        energy_wh=500,
    )
    given.begin(station, minute=120, meter=5000, heard=given.after(700))
    assert given.session(first).energy_wh == 500


def test_an_attached_stop_stays_where_the_operator_put_it(station):
    first = given.begin(station, connector=1, minute=0, meter=1000)
    given.begin(station, connector=2, minute=1, meter=1000)
    nameless(station, minute=60, meter=9000)
    number, who = given.case("OrphanedStop").pk, given.decided()
    settling.attach(
        case_id=number, transaction_id=first.transaction_id, who=who, at=given.after(600)
    )
    given.begin(station, connector=1, minute=30, meter=2000, heard=given.after(700))
    assert given.session(first).energy_wh == 8000
    assert given.session(first).status == SessionStatus.COMPLETED


def test_what_came_with_the_stop_goes_where_the_stop_goes(station):
    first = given.begin(station, connector=1, minute=0, meter=1000)
    data = tuple(
        given.a_reading(station, -1, connector=0, minute=minute, energy=energy)
        for minute, energy in ((20, 2500), (60, 9000))
    )
    nameless(station, minute=60, meter=9000, readings=data)
    second = given.begin(station, connector=2, minute=10, meter=2000, heard=given.after(70))
    orphan = ChargingSession.objects.get(status=SessionStatus.ORPHANED)
    assert orphan.meter_values.count() == 2
    given.finish(station, first.transaction_id, minute=90, meter=7000)
    kept = MeterValue.objects.filter(session=second.transaction_id)
    assert sorted(kept.values_list("energy_wh", "connector__connector_id")) == [
        (2500, 2),
        (9000, 2),
    ]
    assert MeterValue.objects.count() == 2


def test_what_came_with_the_stop_comes_again_with_its_repetition(station):
    data = (given.a_reading(station, -1, connector=0, minute=20),)
    for _ in range(2):
        nameless(station, minute=60, meter=9000, readings=data)
    started = given.begin(station, heard=given.after(70))
    nameless(station, minute=60, meter=9000, readings=data)
    assert MeterValue.objects.get().session_id == started.transaction_id


def test_late_stops_are_paired_with_few_queries(station, django_assert_max_num_queries):
    for day in range(20):
        given.begin(station, minute=day * 1440, meter=1000 * day)
        nameless(station, minute=day * 1440 + 60, meter=1000 * day + 500)
    given.begin(station, minute=30_000, meter=50_000)
    with django_assert_max_num_queries(32):
        nameless(station, minute=30_060, meter=51_000)


def test_a_station_with_many_such_stops_starts_with_as_few_queries(
    station, django_assert_max_num_queries
):
    for day in range(20):
        given.begin(station, minute=day * 1440, meter=1000 * day)
        nameless(station, minute=day * 1440 + 60, meter=1000 * day + 500)
    with django_assert_max_num_queries(18):
        given.begin(station, minute=30_000, meter=50_000)
