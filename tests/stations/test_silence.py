"""Signs of life: any frame counts, three silent intervals do not, each station has its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import StationOffline
from stations import tasks
from stations.models import ChargingStation
from stations.services import commands, configuration, stations
from stations.services.configuration import Setting
from tests.stations import given


def online(station) -> bool:
    """Whether it counts as online."""
    return ChargingStation.objects.get(pk=station.pk).online


def listen(seconds: float) -> int:
    """Look for silent stations so many seconds after noon."""
    return stations.notice_silence(at=given.NOON + timedelta(seconds=seconds))


@pytest.fixture(autouse=True)
def _one_minute(settings):
    settings.OCPP_HEARTBEAT_INTERVAL = 60


def test_three_silent_intervals_take_it_offline(connected):
    assert listen(180) == 0
    assert online(connected)
    assert listen(181) == 1
    assert not online(connected)


def test_each_station_has_its_own_interval(connected):
    slow = given.a_connected_station("SLOW", "socket-2")
    quick = given.a_connected_station("QUICK", "socket-3")
    stations.change(station=slow, heartbeat_interval_s=600)
    stations.change(station=quick, heartbeat_interval_s=10)
    assert listen(31) == 1
    assert [online(s) for s in (connected, slow, quick)] == [True, True, False]
    assert listen(1799) == 1
    assert [online(s) for s in (connected, slow, quick)] == [False, True, False]


@pytest.mark.parametrize(("told", "silent_after"), [("300", 901), ("10", 181), ("often", 181)])
def test_who_told_that_they_beat_less_often_is_waited_for(connected, told, silent_after):
    key = Setting("HeartbeatInterval", told, readonly=False)
    configuration.read(station_id=connected.pk, settings=[key], at=given.NOON)
    assert (listen(silent_after - 1), listen(silent_after)) == (0, 1)


def test_any_frame_counts(connected):
    stations.heard_from(station_ids=[connected.pk], at=given.NOON + timedelta(seconds=170))
    assert listen(300) == 0
    assert online(connected)


def test_a_silent_station_that_speaks_again_is_online_again(connected):
    listen(181)
    stations.heard_from(station_ids=[connected.pk], at=given.NOON + timedelta(seconds=200))
    assert online(connected)


def test_a_sign_of_life_written_after_the_socket_closed_does_not_take_it_online(connected):
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.after(1))
    stations.heard_from(station_ids=[connected.pk], at=given.after(1))
    assert not online(connected)


def test_a_silent_station_is_refused_commands_until_it_speaks_again(connected):
    ask = {"station": connected, "action": "Reset", "payload": {"type": "Soft"}}
    listen(181)
    with pytest.raises(StationOffline):
        commands.request(**ask, at=given.after(4))
    stations.heard_from(station_ids=[connected.pk], at=given.after(5))
    assert commands.request(**ask, at=given.after(5)).is_open


def test_silence_does_not_forget_the_socket(connected):
    listen(181)
    assert ChargingStation.objects.get().connection_id == "socket-1"


def test_a_station_that_was_offline_is_not_noticed_twice(connected):
    listen(181)
    assert listen(999) == 0


def test_it_asks_as_often_for_many_stations_as_for_one(connected, django_assert_num_queries):
    for number in range(20):
        given.a_connected_station(f"CP-{number + 10}", f"socket-{number + 10}")
    with django_assert_num_queries(5):
        assert listen(181) == 21


def test_whom_an_operator_rejects_is_cut_off(connected):
    stations.change(station=connected, name="Quay")
    assert stations.is_newest(station_id=connected.pk, connection_id="socket-1")
    stations.change(station=connected, registration="Rejected")
    assert not stations.is_newest(station_id=connected.pk, connection_id="socket-1")
    assert not online(connected)


def test_the_periodic_task_notices_it(connected):
    tasks.notice_silence()  # noon of 2025 was long ago
    assert not online(connected)
