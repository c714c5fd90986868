"""The work queue: what comes into it and when, what leaves it by itself, and what is snoozed."""

from __future__ import annotations

import pytest

from cms.accounts.models import User
from stations import attention
from stations.models import ChargingStation, Happening, NetworkHour
from stations.services import network_hours, sessions, snoozes, stations
from tests.stations import given
from tests.stations.given import after


@pytest.fixture
def station(db):
    given.a_card()
    return given.a_connected_station()


def queue(minute):
    """What stands in it then: kinds and names. Only silence is left out where nobody asks."""
    return [(item.kind, item.name) for item in attention.of_stations(at=after(minute))]


def heard(minute, *cp_ids):
    """The stations are there, and say so."""
    rows = ChargingStation.objects.filter(cp_id__in=cp_ids) if cp_ids else ChargingStation.objects
    ids = list(rows.values_list("pk", flat=True))
    stations.heard_from(station_ids=ids, at=after(minute))


def test_a_fault_waits_for_five_minutes_and_goes_with_the_fault(station):
    given.report(station, "Faulted", minute=1)
    heard(6)
    assert queue(5) == []
    assert queue(6.1) == [("faulted", "CP-1")]
    given.report(station, "Available", minute=7)
    assert queue(7) == []


def test_a_station_that_repeats_its_fault_does_not_hide_it(station):
    for minute in range(1, 8):
        given.report(station, "Faulted", minute=minute)
    heard(7)
    [item] = attention.of_stations(at=after(7))
    assert (item.since, item.connector_id, item.detail) == (after(1), 1, "NoError")


def test_a_station_silent_for_two_heartbeats_is_named(station, settings):
    settings.OCPP_HEARTBEAT_INTERVAL = 300
    assert queue(9.9) == []
    assert queue(10.1) == [("offline", "CP-1")]
    heard(11)
    assert queue(12) == []


def test_its_own_interval_counts(station, settings):
    settings.OCPP_HEARTBEAT_INTERVAL = 300
    stations.change(station=station, heartbeat_interval_s=30)
    assert queue(0.9) == []
    assert queue(1.1) == [("offline", "CP-1")]
    stations.change(station=station, heartbeat_interval_s=3600)
    assert queue(119) == []
    assert queue(121) == [("offline", "CP-1")]


def test_a_station_that_never_was_there_is_not_missed(db):
    given.a_station()
    assert queue(600) == []


def test_a_station_that_waits_to_be_let_in_is_named_until_it_is(db):
    station = given.a_station(registration="Pending")
    assert queue(0) == [("pending", "CP-1")]
    stations.change(station=station, registration="Accepted")
    assert queue(0) == []


def test_a_session_without_meter_values_is_stuck_after_a_quarter_of_an_hour(station):
    started = given.begin(station)
    heard(16)
    assert queue(15) == []
    assert queue(15.1) == [("stuck", "CP-1")]
    given.meter(given.a_reading(station, started.transaction_id, minute=16))
    assert queue(16) == []
    heard(32)
    assert queue(32) == [("stuck", "CP-1")]
    given.finish(station, started.transaction_id, minute=33)
    assert queue(33) == []


def test_more_than_three_refused_cards_in_ten_minutes_are_too_many(station):
    for minute in (0, 1, 2):
        sessions.authorize(station_id=station.pk, id_tag="NOBODY", at=after(minute))
    heard(3)
    assert queue(3) == []
    sessions.authorize(station_id=station.pk, id_tag="NOBODY", at=after(3))
    [item] = attention.of_stations(at=after(3))
    assert (item.kind, item.detail, item.since) == ("refused", "4", after(0))
    heard(10)
    assert queue(10.5) == []  # the first of them is too long ago


def test_accepted_cards_are_not_counted(station):
    for minute in range(8):
        sessions.authorize(station_id=station.pk, id_tag="CARD-1", at=after(minute))
    heard(8)
    assert queue(8) == []


def test_the_oldest_comes_first(station):
    given.a_connected_station("CP-2", "socket-2")
    for minute, cp_id in ((2, "CP-1"), (1, "CP-2")):
        given.report(stations.find(cp_id), "Faulted", minute=minute)
    heard(9)
    assert queue(9) == [("faulted", "CP-2"), ("faulted", "CP-1")]


def test_what_is_snoozed_says_until_when_and_by_whom_and_comes_back(station):
    given.report(station, "Faulted", minute=1)
    heard(10)
    [item] = attention.of_stations(at=after(10))
    omar = User.objects.create_user("omar")
    for minute in (8, 10):  # twice: an hour from the last
        snoozes.snooze(kind=item.kind, subject=item.subject, by_id=omar.pk, at=after(minute))
    [item] = attention.of_stations(at=after(11))
    assert (item.snoozed_until, item.snoozed_by) == (after(70), "omar")
    heard(71)
    [item] = attention.of_stations(at=after(71))
    assert item.snoozed_until is None
    snoozes.snooze(kind=item.kind, subject=item.subject, by_id=omar.pk, at=after(71))
    snoozes.wake(kind=item.kind, subject=item.subject)
    assert attention.of_stations(at=after(71))[0].snoozed_until is None


def test_a_snooze_hides_nothing_of_another_kind_or_row(station):
    other = given.a_connected_station("CP-2", "socket-2")
    for one in (station, other):
        given.report(one, "Faulted", minute=1)
    heard(10)
    first, second = attention.of_stations(at=after(10))
    omar = User.objects.create_user("omar")
    snoozes.snooze(kind="offline", subject=first.subject, by_id=omar.pk, at=after(9))
    snoozes.snooze(kind=second.kind, subject=second.subject, by_id=omar.pk, at=after(9))
    shown = [item.snoozed_until for item in attention.of_stations(at=after(10))]
    assert shown == [None, after(69)]


def test_it_takes_one_query_whatever_there_is(station, django_assert_num_queries):
    given.begin(station)
    given.report(station, "Faulted", minute=1)
    with django_assert_num_queries(1):
        assert len(attention.of_stations(at=after(60))) == 3


def test_the_hour_keeps_how_the_network_stood_once(station):
    given.begin(station)
    given.report(station, "Faulted", minute=1)
    heard(10)
    assert network_hours.note(at=after(10))
    assert not network_hours.note(at=after(59))
    [row] = NetworkHour.objects.all()
    assert (row.stations, row.online, row.charging, row.attention) == (1, 1, 1, 1)
    assert row.hour == after(0)
    assert network_hours.note(at=after(60))


def test_what_happens_is_noted_once_each(station):
    stations.connected(
        station_id=station.pk, connection_id="socket-2", protocol="ocpp1.6", at=after(1)
    )
    started = given.begin(station, minute=2)
    given.report(station, "Faulted", minute=3)
    given.report(station, "Faulted", minute=4)
    given.finish(station, started.transaction_id, minute=5)
    given.finish(station, started.transaction_id, minute=5)
    stations.disconnected(station_id=station.pk, connection_id="socket-2", at=after(6))
    stations.disconnected(station_id=station.pk, connection_id="socket-2", at=after(7))
    kinds = [row.kind for row in Happening.objects.order_by("pk")]
    assert kinds == ["Online", "SessionBegan", "Fault", "SessionEnded", "Offline"]
