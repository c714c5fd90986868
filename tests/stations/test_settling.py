"""Operators settle review cases: once, with who, why and what it changed, and nothing twice."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError
from stations.models import ChargingSession, MeterValue, ReviewCase
from stations.services import endings, sessions, settling
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")
LATER = given.after(600)


def settle(verb, kind, who=None, **fields):
    """An operator settles the open case of this kind."""
    what = {"case_id": given.case(kind).pk, "who": who or given.decided(), "at": LATER}
    return verb(**what, **fields)


def an_inferred(station):
    """A session of 3 kWh whose stop is missing, followed by another one."""
    stale = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, stale.transaction_id, minute=30, energy=4000))
    given.begin(station, minute=120, meter=4000)
    return stale.transaction_id


def an_orphan(station, **stop):
    """A stop under a number nobody knows."""
    given.finish(station, 4711, **stop)
    return ChargingSession.objects.get(status="Orphaned").pk


def test_an_orphan_attached_to_an_open_session_completes_it(station):
    started = given.begin(station, meter=1000)
    orphan = an_orphan(station, meter=9000, reason="EVDisconnected")
    case = settle(settling.attach, "OrphanedStop", transaction_id=started.transaction_id)
    stored = given.session(started)
    assert (stored.status, stored.energy_wh) == ("Completed", 8000)
    assert (stored.stop_reason, stored.reported_transaction_id) == ("EVDisconnected", 4711)
    assert stored.stop_received_at == given.after(60)
    kept = given.session(orphan)
    assert (kept.status, kept.billable, kept.needs_review) == ("Orphaned", False, False)
    assert (case.state, case.resolution, case.settled_by_name) == ("Settled", "Attached", "olga")
    assert case.changes[f"session {stored.pk}"]["status"] == ["Active", "Completed"]
    assert given.kinds() == []


def test_an_orphan_attached_to_an_inferred_session_settles_both_cases(station):
    stale = an_inferred(station)
    an_orphan(station, meter=8000)
    settle(settling.attach, "OrphanedStop", transaction_id=stale)
    assert given.session(stale).energy_wh == 7000
    assert not given.session(stale).needs_review
    settled = ReviewCase.objects.get(kind="InferredStop")
    assert (settled.resolution, settled.settled_by_name) == ("Attached", "olga")
    assert settled.changes[f"session {stale}"]["energy_wh"] == [3000, 7000]


def test_the_readings_of_an_attached_orphan_move_but_none_is_there_twice(station):
    started = given.begin(station)
    twice = given.a_reading(station, minute=10)
    given.meter(twice._replace(transaction_id=started.transaction_id))
    given.finish(station, 4711, readings=(twice, given.a_reading(station, minute=20, energy=5000)))
    settle(settling.attach, "OrphanedStop", transaction_id=started.transaction_id)
    moved = MeterValue.objects.filter(session=started.transaction_id)
    assert moved.count() == 2
    assert MeterValue.objects.count() == 3


def test_a_retry_of_an_attached_orphan_changes_nothing(station):
    started = given.begin(station)
    an_orphan(station)
    settle(settling.attach, "OrphanedStop", transaction_id=started.transaction_id)
    given.finish(station, 4711)
    assert ChargingSession.objects.count() == 2
    assert given.kinds() == []


def test_the_real_stop_of_a_session_an_orphan_completed_is_a_new_case(station):
    started = given.begin(station)
    an_orphan(station, meter=9000)
    settle(settling.attach, "OrphanedStop", transaction_id=started.transaction_id)
    given.finish(station, started.transaction_id, meter=20_000)
    assert given.session(started).energy_wh == 8000
    assert given.kinds() == ["SecondStop"]


def test_registers_that_do_not_fit_together_are_reviewed_after_attaching(station):
    started = given.begin(station, meter=50_000)
    an_orphan(station, meter=9000)
    settle(settling.attach, "OrphanedStop", transaction_id=started.transaction_id)
    assert given.kinds() == ["RegisterMismatch"]


def test_an_orphan_is_never_attached_to_another_stations_session(station, other_station):
    foreign = given.begin(other_station)
    an_orphan(station)
    with pytest.raises(DomainError, match="same station"):
        settle(settling.attach, "OrphanedStop", transaction_id=foreign.transaction_id)
    assert given.session(foreign).status == "Active"


def test_an_orphan_is_not_attached_to_itself_nor_to_what_has_its_stop(station):
    done = given.begin(station)
    given.finish(station, done.transaction_id)
    orphan = an_orphan(station)
    with pytest.raises(DomainError, match="another session"):
        settle(settling.attach, "OrphanedStop", transaction_id=orphan)
    with pytest.raises(Conflict, match="has its stop already"):
        settle(settling.attach, "OrphanedStop", transaction_id=done.transaction_id)
    assert given.kinds() == ["OrphanedStop"]


def test_an_orphan_is_not_attached_to_a_session_after_which_another_one_began(station):
    stale = an_inferred(station)
    an_orphan(station, minute=150, meter=9000)
    with pytest.raises(DomainError, match="another session had begun"):
        settle(settling.attach, "OrphanedStop", transaction_id=stale)
    assert given.session(stale).energy_wh == 3000


def test_accepting_confirms_the_energy_as_it_is(station):
    stale = an_inferred(station)
    case = settle(settling.accept, "InferredStop")
    stored = given.session(stale)
    assert (stored.status, stored.energy_wh, stored.billable) == ("Completed", 3000, True)
    assert not stored.needs_review
    assert case.resolution == "EnergyAccepted"


def test_accepting_may_correct_energy_and_times_and_keeps_what_was(station):
    started = given.begin(station, meter=5000)
    given.finish(station, started.transaction_id, meter=100, minute=-30)
    settle(
        settling.accept,
        "ClockSkew",
        energy_wh=7500,
        started_at=given.after(-5),
        stopped_at=given.after(45),
    )
    stored = given.session(started)
    assert (stored.energy_wh, stored.started_at) == (7500, given.after(-5))
    assert (stored.meter_start_wh, stored.meter_stop_wh) == (5000, 100)
    settled = list(ReviewCase.objects.all())
    assert {case.resolution for case in settled} == {"EnergyAccepted"}
    assert {case.kind for case in settled} == {"ClockSkew", "RegisterMismatch"}
    for case in settled:
        assert case.changes[f"session {stored.pk}"]["energy_wh"] == [0, 7500]


def test_retries_of_a_corrected_session_are_still_known(station):
    started = given.begin(station, meter=5000)
    given.finish(station, started.transaction_id, meter=100, minute=-30)
    times = {"started_at": given.after(-5), "stopped_at": given.after(45)}
    settle(settling.accept, "ClockSkew", energy_wh=7500, **times)
    assert given.begin(station, meter=5000).transaction_id == started.transaction_id
    given.finish(station, started.transaction_id, meter=100, minute=-30)
    assert ChargingSession.objects.count() == 1
    assert given.kinds() == []


def test_an_orphan_whose_energy_is_accepted_is_billable_and_its_retries_are_known(station):
    orphan = an_orphan(station, meter=9000, id_tag="CARD-1")
    settle(settling.accept, "OrphanedStop", energy_wh=4000, started_at=given.NOON)
    stored = given.session(orphan)
    assert (stored.energy_wh, stored.billable, stored.needs_review) == (4000, True, False)
    assert stored.card.id_tag == "CARD-1"
    given.finish(station, 4711, meter=9000, id_tag="CARD-1")
    assert ChargingSession.objects.count() == 1
    assert given.kinds() == []


@pytest.mark.parametrize(
    ("field", "correction"),
    [
        ("energyWh", {"energy_wh": -1}),
        ("energyWh", {"energy_wh": endings.MOST_ENERGY_WH + 1}),
        ("stoppedAt", {"stopped_at": given.after(700)}),
        ("startedAt", {"started_at": given.after(31)}),
    ],
)
def test_a_correction_out_of_bounds_names_its_field_and_changes_nothing(station, field, correction):
    stale = an_inferred(station)
    with pytest.raises(DomainError) as refused:
        settle(settling.accept, "InferredStop", **correction)
    assert list(refused.value.fields) == [field]
    assert given.session(stale).status == "Inferred"


def test_the_energy_of_an_orphan_has_to_be_said_and_its_stop_stays(station):
    an_orphan(station)
    with pytest.raises(DomainError, match="is needed"):
        settle(settling.accept, "OrphanedStop")
    with pytest.raises(DomainError, match="stays"):
        settle(settling.accept, "OrphanedStop", energy_wh=1, stopped_at=given.NOON)


def test_a_start_may_not_be_moved_onto_that_of_another_session(station):
    first = given.begin(station, connector=1, minute=0, meter=5000)
    given.finish(station, first.transaction_id, minute=10, meter=6000)
    second = given.begin(station, connector=1, minute=20, meter=5000)
    given.finish(station, second.transaction_id, minute=15, meter=6000)
    with pytest.raises(DomainError, match="another session"):
        settle(settling.accept, "ClockSkew", started_at=given.NOON, stopped_at=given.after(30))


def test_a_discarded_session_stays_readable_and_is_not_billable(station):
    stale = an_inferred(station)
    case = settle(settling.discard, "InferredStop")
    stored = given.session(stale)
    assert (stored.billable, stored.needs_review, stored.energy_wh) == (False, False, 3000)
    assert case.resolution == "Discarded"
    given.finish(station, stale, meter=9000)
    assert given.session(stale).billable is False
    assert given.kinds() == ["SecondStop"]


def test_a_stop_after_an_accepted_end_is_a_new_case_and_no_silent_change(station):
    stale = an_inferred(station)
    settle(settling.accept, "InferredStop")
    given.finish(station, stale, minute=60, meter=4000)
    assert given.session(stale).energy_wh == 3000
    assert given.kinds() == ["SecondStop"]
    settle(settling.accept, "SecondStop", energy_wh=2900)
    given.finish(station, stale, minute=60, meter=4000)
    assert given.session(stale).energy_wh == 2900
    assert given.kinds() == []


def test_a_second_stop_that_was_put_aside_leaves_the_session_and_stays_put_aside(station):
    started = given.begin(station)
    given.finish(station, started.transaction_id, meter=9000)
    given.finish(station, started.transaction_id, meter=90_000)
    settle(settling.discard, "SecondStop")
    given.finish(station, started.transaction_id, meter=90_000)
    stored = given.session(started)
    assert (stored.billable, stored.energy_wh, stored.needs_review) == (True, 8000, False)
    assert given.kinds() == []
    given.finish(station, started.transaction_id, meter=91_000)
    assert given.kinds() == ["SecondStop"]


def test_who_comes_second_is_told_who_settled_it(station):
    an_orphan(station)
    number = given.case("OrphanedStop").pk
    settle(settling.discard, "OrphanedStop", given.decided("pia"))
    with pytest.raises(Conflict, match=r"pia settled it already, at .*Z: Discarded"):
        settling.discard(case_id=number, who=given.decided("olga"), at=LATER)
    assert ReviewCase.objects.get().settled_by_name == "pia"


def test_nothing_is_settled_without_a_reason(station):
    an_orphan(station)
    with pytest.raises(DomainError) as refused:
        settle(settling.discard, "OrphanedStop", given.decided(why="  "))
    assert list(refused.value.fields) == ["why"]


def test_a_case_is_settled_only_in_a_way_that_fits_it(station):
    sessions.authorize(station_id=station.pk, id_tag="NOBODY", at=given.NOON)
    with pytest.raises(Conflict, match="UnknownCard"):
        settle(settling.accept, "UnknownCard", energy_wh=1)
    settle(settling.discard, "UnknownCard")
    assert given.kinds() == []


def test_what_a_user_settled_stays_theirs_when_the_user_is_gone(station):
    an_orphan(station)
    settle(settling.discard, "OrphanedStop")
    given.an_operator().delete()
    case = ReviewCase.objects.get()
    assert (case.settled_by, case.settled_by_name) == (None, "olga")
