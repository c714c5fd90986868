"""Reading a station's configuration: when it is read, how it is asked, and what stops it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, StationOffline
from stations.models import (
    ChargingStation,
    Command,
    ConfigurationKey,
    ConfigurationRead,
    Quirk,
    Registration,
)
from stations.services import commands, configuration_reads, standard_keys, stations
from stations.services.stations import BootReport
from tests.stations import given
from tests.stations.talking import hear, waiting

ALL = dict.fromkeys(standard_keys.REQUIRED, "1") | {"GetConfigurationMaxKeys": "10"}


class Station:
    """Answers GetConfiguration: with at most ``most`` keys, and ``everything`` or not."""

    def __init__(self, keys=ALL, *, most=None, everything=True, deaf=()):
        self.keys, self.most, self.everything, self.deaf = keys, most, everything, deaf
        self.asked = []

    def __call__(self, action, payload):
        assert action == "GetConfiguration"
        asked = payload.get("key")
        self.asked.append(asked)
        if (asked is None and not self.everything) or set(asked or ()) & set(self.deaf):
            return None
        wanted = list(asked or self.keys)[: self.most]
        known = [key for key in wanted if key in self.keys]
        return {
            "configurationKey": [
                {"key": key, "readonly": False, "value": self.keys[key]} for key in known
            ],
            "unknownKey": [key for key in wanted if key not in self.keys],
        }


def boot(station, *, minute=0.0, firmware="1"):
    report = BootReport("Acme", "One", firmware_version=firmware)
    stations.boot(station_id=station.pk, report=report, at=given.after(minute))


def read(station, answers, *, minutes=60, start=0):
    """Let the time pass, the system ask, and the station answer, until it is read."""
    for second in range(start * 60, (start + minutes) * 60, 10):
        at = given.NOON + timedelta(seconds=second)
        configuration_reads.advance(at=at)
        hear(station, answers, at=at)
        if state(station).finished_at:
            break
    return state(station)


def state(station):
    return ConfigurationRead.objects.get(station=station)


def stored(station):
    return dict(ConfigurationKey.objects.filter(station=station).values_list("key", "value"))


def test_a_station_that_booted_is_read_a_little_later(connected):
    boot(connected)
    configuration_reads.advance(at=given.NOON)
    assert not waiting(connected)
    answers = Station()
    assert read(connected, answers).state == "Done"
    assert stored(connected) == ALL
    assert answers.asked[1:] == [None]
    assert "GetConfigurationMaxKeys" in answers.asked[0]


def test_it_is_not_read_where_the_setting_says_no(connected, settings):
    settings.OCPP_READ_CONFIGURATION = False
    boot(connected)
    assert not ConfigurationRead.objects.exists()


def test_it_is_not_read_where_a_quirk_says_no(connected):
    Quirk.objects.create(name="read_configuration", value=False, vendor="acme")
    boot(connected)
    assert not ConfigurationRead.objects.exists()


def test_a_pending_station_is_not_read(connected):
    stations.change(station=connected, registration=Registration.PENDING)
    boot(connected)
    assert not ConfigurationRead.objects.exists()


def test_it_is_read_once_a_day_and_after_a_firmware_update(connected):
    boot(connected)
    read(connected, Station())
    boot(connected, minute=120)
    assert state(connected).state == "Done"
    boot(connected, minute=130, firmware="2")
    assert state(connected).state == "Waiting"
    read(connected, Station(), start=131)
    boot(connected, minute=28 * 60, firmware="2")
    assert state(connected).state == "Waiting"


def test_a_station_that_does_not_answer_an_empty_request_is_asked_key_by_key(connected):
    boot(connected)
    answers = Station(everything=False)
    assert read(connected, answers).state == "Done"
    assert stored(connected) == ALL
    named = [keys for keys in answers.asked[1:] if keys is not None]
    assert max(map(len, named)) == 10  # what it says it takes at once
    assert answers.asked.count(None) == 2


def test_a_quirk_says_how_many_keys_it_takes_at_once(connected):
    Quirk.objects.create(name="configuration_keys", value=3, vendor="acme")
    boot(connected)
    answers = Station()
    assert read(connected, answers).state == "Done"
    assert stored(connected) == ALL
    assert max(len(keys) for keys in answers.asked) == 3


def test_a_station_that_tells_fewer_than_it_says_is_asked_for_the_rest(connected):
    boot(connected)
    assert read(connected, Station(most=4)).state == "Done"
    assert stored(connected) == ALL


def test_one_key_it_cannot_say_does_not_keep_the_others(connected):
    boot(connected)
    answers = Station(everything=False, deaf=("ResetRetries",))
    assert read(connected, answers).state == "Done"
    assert stored(connected).keys() == ALL.keys() - {"ResetRetries"}


def test_what_it_does_not_know_is_noted(connected):
    boot(connected)
    read(connected, Station(everything=False))
    assert "LocalAuthListEnabled" in state(connected).unknown_keys
    assert "HeartbeatInterval" not in state(connected).unknown_keys


def test_a_station_that_never_answers_is_given_up(connected):
    boot(connected)
    answers = Station(everything=False, deaf=standard_keys.ALL)
    found = read(connected, answers)
    assert found.state == "Failed"
    assert "does not answer" in found.error
    assert len(answers.asked) < 10


def test_an_error_is_not_asked_for_twice(connected):
    boot(connected)
    assert read(connected, lambda *_: "NotSupported").state == "Failed"
    assert Command.objects.count() == 4


def test_a_station_that_restarts_whenever_it_is_asked_is_left_alone(connected):
    boot(connected)
    for minute in range(1, 20):
        configuration_reads.advance(at=given.after(minute))
        if waiting(connected):
            hear(connected, lambda *_: None, at=given.after(minute))
            boot(connected, minute=minute)
    assert state(connected).state == "Failed"
    assert Command.objects.count() == 3


def test_it_goes_on_after_a_disconnect_where_it_was(connected):
    boot(connected)
    answers = Station(everything=False)
    read(connected, answers, minutes=2)
    left = state(connected).remaining
    assert left
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.after(2))
    assert configuration_reads.advance(at=given.after(3)) == 0
    given.a_connected_station()
    assert read(connected, answers, start=4).state == "Done"
    assert answers.asked.count(None) == 2
    assert stored(connected) == ALL


def test_there_is_one_question_at_a_time_so_an_operator_waits_for_one_answer(connected):
    boot(connected)
    configuration_reads.advance(at=given.after(1))
    configuration_reads.advance(at=given.after(2))
    assert len(waiting(connected)) == 1


def test_after_an_outage_only_so_many_are_read_at_the_same_time(db, monkeypatch):
    monkeypatch.setattr(configuration_reads, "MOST_AT_ONCE", 5)
    many = [given.a_connected_station(f"CP-{number}") for number in range(7)]
    for station in many:
        boot(station)
    at = given.after(1)
    configuration_reads.advance(at=at)
    configuration_reads.advance(at=at)
    assert Command.objects.count() == configuration_reads.MOST_AT_ONCE
    for station in many:
        hear(station, Station(), at=at)
    for minute in range(2, 9):
        configuration_reads.advance(at=given.after(minute))
        for station in many:
            hear(station, Station(), at=given.after(minute))
    assert ConfigurationRead.objects.filter(state="Done").count() == 7


def test_a_fleet_that_comes_back_is_asked_in_steps(db):
    for number in range(20):
        boot(given.a_connected_station(f"CP-{number}"))
    asked = [configuration_reads.advance(at=given.after(1)) for _ in range(3)]
    assert asked == [16, 4, 0]


def test_an_operator_may_have_it_read_now(connected):
    configuration_reads.read_now(station=connected, at=given.NOON)
    assert waiting(connected)
    with pytest.raises(Conflict):
        configuration_reads.read_now(station=connected, at=given.NOON)
    hear(connected, Station(), at=given.NOON)
    assert read(connected, Station()).state == "Done"


def test_a_station_that_is_away_cannot_be_read_now(station):
    with pytest.raises(StationOffline):
        configuration_reads.read_now(station=station, at=given.NOON)
    assert not Command.objects.exists()


def test_an_operators_own_question_does_not_move_the_reading(connected):
    boot(connected)
    commands.request(
        station=connected, action="GetConfiguration", payload={"key": ["A"]}, at=given.NOON
    )
    hear(connected, Station(), at=given.NOON)
    assert state(connected).state == "Waiting"


def test_a_restart_is_needed_until_it_comes(connected):
    commands.request(
        station=connected,
        action="ChangeConfiguration",
        payload={"key": "A", "value": "2"},
        at=given.NOON,
    )
    hear(connected, lambda *_: {"status": "RebootRequired"}, at=given.NOON)
    assert ChargingStation.objects.get().reboot_required_at == given.NOON
    boot(connected)
    assert ChargingStation.objects.get().reboot_required_at is None
