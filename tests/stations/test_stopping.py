"""A session ends: StopTransaction, its retries, its readings, and registers that make no sense."""

from __future__ import annotations

import pytest

from stations.models import ChargingSession, MeterValue, SessionStatus
from stations.services import endings
from tests.stations import given

HUGE = 2**62 - 1


def test_it_completes_the_session_with_the_energy_between_the_registers(station, card):
    started = given.begin(station, meter=1000)
    given.finish(station, started.transaction_id, meter=9500, reason="EVDisconnected")
    stored = given.session(started)
    assert (stored.status, stored.energy_wh) == (SessionStatus.COMPLETED, 8500)
    assert stored.stop_reason == "EVDisconnected"
    assert stored.stopped_at == given.after(60)
    assert not stored.needs_review


def test_the_registers_of_start_and_stop_outweigh_what_was_metered(station, card):
    started = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, started.transaction_id, energy=7000))
    given.finish(station, started.transaction_id, meter=9000)
    assert given.session(started).energy_wh == 8000


def test_a_repeated_stop_changes_nothing(station, card):
    started = given.begin(station)
    given.finish(station, started.transaction_id)
    before = given.session(started)
    given.finish(station, started.transaction_id)
    assert given.session(started).__dict__ | {"_state": None} == before.__dict__ | {"_state": None}
    assert ChargingSession.objects.count() == 1


def test_a_second_stop_that_says_something_else_does_not_change_the_bill(station, card):
    started = given.begin(station)
    given.finish(station, started.transaction_id, meter=9000)
    given.finish(station, started.transaction_id, minute=61, meter=90000)
    assert given.session(started).energy_wh == 8000


def test_it_gives_the_standing_of_the_card_that_stopped_it(station, card):
    given.a_card("CARD-2", status="Blocked")
    started = given.begin(station)
    answer = given.finish(station, started.transaction_id, id_tag="CARD-2")
    assert answer.status == "Blocked"
    assert given.session(started).stop_id_tag == "CARD-2"


def test_it_gives_no_standing_where_no_card_stopped_it(station, card):
    assert given.finish(station, given.begin(station).transaction_id) is None


def test_a_register_that_ran_backwards_is_reviewed_and_never_negative(station, card):
    started = given.begin(station, meter=5000)
    given.finish(station, started.transaction_id, meter=100)
    stored = given.session(started)
    assert stored.energy_wh == 0
    assert stored.meter_stop_wh == 100
    assert (stored.needs_review, stored.review_reasons) == (True, ["RegisterMismatch"])


def test_a_register_that_jumped_is_reviewed_and_what_was_metered_stays(station, card):
    started = given.begin(station, meter=1000)
    given.meter(given.a_reading(station, started.transaction_id, energy=7000))
    given.finish(station, started.transaction_id, meter=1000 + endings.MOST_ENERGY_WH + 1)
    stored = given.session(started)
    assert (stored.energy_wh, stored.review_reasons) == (6000, ["RegisterMismatch"])


def test_the_longest_session_there_may_be_is_not_reviewed(station, card):
    started = given.begin(station, meter=1000)
    given.finish(station, started.transaction_id, meter=1000 + endings.MOST_ENERGY_WH)
    stored = given.session(started)
    assert (stored.energy_wh, stored.needs_review) == (endings.MOST_ENERGY_WH, False)


def test_a_register_that_ran_backwards_leaves_what_was_metered(station, card):
    started = given.begin(station, meter=5000)
    given.meter(given.a_reading(station, started.transaction_id, energy=7000))
    given.finish(station, started.transaction_id, meter=100)
    assert given.session(started).energy_wh == 2000


@pytest.mark.parametrize(("begun", "ended"), [(-HUGE, HUGE), (HUGE, -HUGE), (HUGE, HUGE)])
def test_registers_at_the_ends_of_what_the_database_holds_are_kept(station, card, begun, ended):
    started = given.begin(station, meter=begun)
    given.finish(station, started.transaction_id, meter=ended)
    assert given.session(started).status == SessionStatus.COMPLETED
    assert given.session(started).energy_wh >= 0


def test_a_stop_before_its_start_is_completed_and_reviewed(station, card):
    started = given.begin(station, minute=0)
    given.finish(station, started.transaction_id, minute=-30)
    stored = given.session(started)
    assert stored.status == SessionStatus.COMPLETED
    assert stored.review_reasons == ["ClockSkew"]
    assert stored.stopped_at == given.after(-30)


def test_it_stores_the_readings_of_the_stop_with_the_session_and_its_connector(station, card):
    started = given.begin(station, connector=2)
    readings = tuple(
        given.a_reading(station, started.transaction_id, connector=0, minute=minute, energy=energy)
        for minute, energy in ((0, 1000), (60, 9000))
    )
    given.finish(station, started.transaction_id, readings=readings)
    rows = MeterValue.objects.filter(session_id=started.transaction_id)
    assert sorted(rows.values_list("energy_wh", "connector__connector_id")) == [
        (1000, 2),
        (9000, 2),
    ]


def test_a_reading_sent_before_and_with_the_stop_is_stored_once(station, card):
    started = given.begin(station)
    reading = given.a_reading(station, started.transaction_id)
    given.meter(reading)
    given.finish(station, started.transaction_id, readings=(reading._replace(connector_id=0),))
    assert MeterValue.objects.count() == 1


def test_the_readings_of_a_repeated_stop_are_stored_once(station, card):
    started = given.begin(station)
    readings = (given.a_reading(station, started.transaction_id, connector=0),)
    given.finish(station, started.transaction_id, readings=readings)
    given.finish(station, started.transaction_id, readings=readings)
    assert MeterValue.objects.count() == 1


def test_readings_in_the_stop_do_not_change_the_energy_of_the_registers(station, card):
    started = given.begin(station, meter=0)
    reading = given.a_reading(station, started.transaction_id, minute=60, energy=123456)
    given.finish(station, started.transaction_id, meter=8000, readings=(reading,))
    assert given.session(started).energy_wh == 8000


def test_a_finished_session_shows_no_power_any_more(station, card):
    started = given.begin(station)
    given.meter(given.a_reading(station, started.transaction_id, power=11000))
    given.finish(station, started.transaction_id)
    assert given.session(started).power_w is None


def test_a_stop_of_a_session_nobody_knows_is_kept_as_an_orphan_for_review(station):
    given.finish(station, 4711, meter=500, id_tag="CARD-1", reason="PowerLoss")
    orphan = ChargingSession.objects.get()
    assert (orphan.status, orphan.reported_transaction_id) == (SessionStatus.ORPHANED, 4711)
    assert (orphan.needs_review, orphan.review_reasons) == (True, ["NoStart"])
    assert (orphan.meter_stop_wh, orphan.stop_id_tag, orphan.energy_wh) == (500, "CARD-1", 0)


@pytest.mark.parametrize("number", [4711, -1, 0, -5, 2**31, 2**40, 2**62])
def test_an_orphan_is_kept_once(station, number):
    given.finish(station, number)
    given.finish(station, number)
    assert ChargingSession.objects.filter(status=SessionStatus.ORPHANED).count() == 1


def test_the_stop_of_another_stations_session_never_ends_it(station, other_station, card):
    started = given.begin(other_station)
    given.finish(station, started.transaction_id)
    assert given.session(started).status == SessionStatus.ACTIVE
    orphan = ChargingSession.objects.get(station=station)
    assert orphan.status == SessionStatus.ORPHANED
    assert orphan.reported_transaction_id == started.transaction_id


def test_the_readings_of_an_orphan_stay_with_it_as_evidence(station):
    reading = given.a_reading(station, 4711, connector=0)
    given.finish(station, 4711, readings=(reading,))
    assert MeterValue.objects.get().session == ChargingSession.objects.get()


def test_an_orphan_is_not_ended_by_a_stop_that_names_its_own_number(station):
    given.finish(station, 4711)
    orphan = ChargingSession.objects.get()
    given.finish(station, orphan.pk, minute=70)
    assert ChargingSession.objects.filter(status=SessionStatus.ORPHANED).count() == 2
