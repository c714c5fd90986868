"""The row of a session under way is written at an interval; what is read between counts at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from cms.accounts.models import User
from stations import by_now, overview
from stations.admin import cards
from stations.models import ChargingSession, MeterValue
from stations.services import endings, metering
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


@pytest.fixture(autouse=True)
def every_ten_seconds(settings):
    settings.LIVEMETRICS_DB_UPDATE_INTERVAL = 10_000


@pytest.fixture
def number(station):
    """Of a session that began at noon and a register of 1000 Wh."""
    return given.begin(station, meter=1000).transaction_id


def read(station, number, second, energy=None, **values):
    """Store what the meter showed so many seconds after noon."""
    reading = given.a_reading(station, number, minute=second / 60, energy=energy, **values)
    given.meter(reading)


def row(number):
    """Energy, power and state of charge, as they are written."""
    stored = given.session(number)
    return stored.energy_wh, stored.power_w, stored.soc_percent


def seen(number):
    """The same, as whoever looks has to take it."""
    stored = given.session(number)
    by_now.catch_up([stored])
    return stored.energy_wh, stored.power_w, stored.soc_percent


def test_the_row_is_written_after_the_interval_and_every_reading_is_stored(station, number):
    read(station, number, 0, 1001, power=1, soc=10)
    assert row(number) == (0, None, None)
    read(station, number, 4, 1004, power=4, soc=14)
    assert row(number) == (0, None, None)
    read(station, number, 10, 1010, power=10, soc=20)
    assert row(number) == (10, 10, 20.0)
    assert MeterValue.objects.filter(session=number).count() == 3


def test_a_millisecond_before_the_interval_is_over_it_is_not_written(station, number):
    read(station, number, 20, 1020)
    read(station, number, 29.999, 1029)
    assert row(number)[0] == 20
    read(station, number, 30, 1030)
    assert row(number)[0] == 30


def test_whoever_looks_sees_each_reading_at_once(station, number):
    for second in range(10):
        read(station, number, second, 1000 + second, power=second, soc=50.0 + second)
        assert seen(number) == (second, second, 50.0 + second)


def test_the_interval_counts_by_the_times_of_the_readings(station, number):
    read(station, number, 60, 1060)
    read(station, number, 120, 1120)
    assert row(number)[0] == 120


def test_an_interval_of_nothing_writes_each(station, number, settings):
    settings.LIVEMETRICS_DB_UPDATE_INTERVAL = 0
    read(station, number, 1, 1001)
    assert row(number)[0] == 1
    read(station, number, 1.001, 1002)
    assert row(number)[0] == 2


def test_what_the_newest_does_not_say_is_taken_from_those_that_were_not_written(station, number):
    read(station, number, 10, 1010, power=10, soc=10)
    read(station, number, 14, 1014, power=14)
    read(station, number, 16, soc=16)
    assert seen(number) == (14, 14, 16.0)
    read(station, number, 20)
    assert row(number) == (14, 14, 16.0)


def test_a_register_below_the_start_does_not_take_the_place_of_one_that_counts(station, number):
    read(station, number, 10, 1010)
    read(station, number, 14, 1014)
    read(station, number, 20, 7)
    assert row(number)[0] == seen(number)[0] == 14
    assert given.session(number).last_register_wh == 7


def test_the_values_of_one_moment_may_come_in_two_messages(station, number):
    read(station, number, 10, 1010)
    read(station, number, 10, power=10)
    assert seen(number) == (10, 10, None)


def test_a_reading_that_comes_late_is_shown_where_it_is_the_newest_of_its_kind(station, number):
    read(station, number, 10, 1010)
    read(station, number, 15, 1015)
    read(station, number, 5, power=5)
    assert row(number) == (15, 5, None)


def test_readings_from_before_the_start_do_not_wait_for_it(station, number):
    read(station, number, -30, 1000, power=3)
    assert row(number) == (0, 3, None)


def test_a_session_that_is_over_without_a_stop_ends_with_its_last_reading(station, number):
    read(station, number, 10, 1010)
    read(station, number, 14, 1014, soc=14)
    endings.infer(session=given.session(number), at=given.after(5))
    stored = given.session(number)
    assert (stored.meter_stop_wh, stored.energy_wh, stored.soc_percent) == (1014, 14, 14.0)
    assert stored.stopped_at == given.after(14 / 60)
    read(station, number, 15, 1015)
    assert given.session(number).meter_stop_wh == 1015


def test_a_session_that_was_stopped_keeps_what_was_read_last(station, number):
    read(station, number, 10, 1010, soc=10)
    read(station, number, 14, 1014, soc=14)
    given.finish(station, number, minute=1, meter=1020)
    assert row(number) == (20, None, 14.0)
    assert given.session(number).last_reading_at == given.after(14 / 60)


def test_a_stop_with_a_register_that_cannot_be_keeps_the_energy_read_last(station, number):
    read(station, number, 10, 1010)
    read(station, number, 14, 1014)
    given.finish(station, number, minute=1, meter=3)
    assert row(number)[0] == 14


def test_only_sessions_under_way_are_looked_at(station, number, django_assert_num_queries):
    read(station, number, 10, 1010, power=10)
    given.finish(station, number, minute=1, meter=1020)
    over = ChargingSession.objects.get(pk=number)
    with django_assert_num_queries(0):
        by_now.catch_up([over])
    assert over.power_w is None


def test_what_is_summed_over_sessions_counts_what_waits_for_its_interval(station, number, rf):
    read(station, number, 4, 1004, power=7_000)
    now = given.after(1)
    assert overview.figures(at=now, today=given.NOON, since=given.NOON).power_w == 7_000
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True)
    card = given.session(number).card_id or 0
    [use] = cards.uses(request, [card], given.NOON, now).values()
    assert use.energy_wh == 4


def test_a_reading_that_waits_for_its_interval_costs_no_other_look(station, number, monkeypatch):
    looks: list[object] = []
    monkeypatch.setattr(metering, "_catch_up", looks.append)
    read(station, number, 4, 1004)
    read(station, number, 10, 1010)
    assert not looks
    read(station, number, 7, 1007)  # it comes late
    assert looks


@pytest.mark.production  # SQLite has one writer: nobody stores anything meanwhile
@pytest.mark.django_db(transaction=True)
def test_a_reading_that_is_stored_while_its_session_is_ended_counts(station, number):
    read(station, number, 4, power=7_000)

    def elsewhere():
        read(station, number, 4, 1004)  # of the same moment, in a message of its own
        connection.close()

    with transaction.atomic():
        held = ChargingSession.objects.select_for_update(no_key=True).get(pk=number)
        endings.infer(session=held, at=given.after(5))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result(timeout=20)
    stored = given.session(number)
    assert (stored.meter_stop_wh, stored.energy_wh) == (1004, 4)
    assert stored.stopped_at == given.after(4 / 60)
