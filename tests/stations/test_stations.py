"""Stations: adopted, connected, booted, disconnected; and what operators change about them."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict
from stations import events
from stations.models import ChargingStation, Registration
from stations.services import stations
from tests import ringing
from tests.stations import given


def now(station):
    """The station as it is stored now."""
    return ChargingStation.objects.get(pk=station.pk)


def connect(station, socket, minute=0):
    """A socket of the station opens."""
    stations.connected(
        station_id=station.pk, connection_id=socket, protocol="ocpp1.6", at=given.after(minute)
    )


def disconnect(station, socket, minute=1):
    """A socket of the station closes."""
    return stations.disconnected(
        station_id=station.pk, connection_id=socket, at=given.after(minute)
    )


def boot(station, minute=0.0, **more):
    """The station's BootNotification."""
    report = stations.BootReport(vendor="Acme", model="One", **more)
    return stations.boot(station_id=station.pk, report=report, at=given.after(minute))


def test_it_is_found_whatever_the_letter_case(station):
    assert stations.find("cp-1") == station
    assert stations.find("CP-2") is None


@pytest.mark.parametrize("cp_id", ["CP%", "CP_1", "%", "_" * 4])
def test_it_is_not_found_by_a_pattern(station, cp_id):
    assert stations.find(cp_id) is None


@pytest.mark.django_db
@pytest.mark.parametrize("registration", ["Accepted", "Pending"])
def test_an_unknown_one_is_adopted_with_the_registration_given(registration):
    station = stations.adopt(cp_id="NEW", registration=registration)
    assert (station.cp_id, station.registration) == ("NEW", registration)


def test_a_known_one_is_adopted_as_it_is(station):
    stations.change(station=station, registration=Registration.REJECTED)
    adopted = stations.adopt(cp_id="cp-1", registration="Accepted")
    assert (adopted.pk, adopted.cp_id, adopted.registration) == (station.pk, "CP-1", "Rejected")


def test_a_socket_takes_it_online(station):
    connect(station, "socket-1")
    stored = now(station)
    assert stored.online
    assert (stored.connection_id, stored.protocol) == ("socket-1", "ocpp1.6")
    assert stored.connected_at == stored.last_seen_at == given.NOON


def test_its_only_socket_closing_takes_it_offline(station):
    connect(station, "socket-1")
    assert disconnect(station, "socket-1", minute=7)
    stored = now(station)
    assert (stored.online, stored.connection_id) == (False, "")
    assert stored.disconnected_at == given.after(7)


def test_an_older_socket_closing_does_not_take_it_offline(station):
    connect(station, "socket-1")
    connect(station, "socket-2")
    assert not disconnect(station, "socket-1")
    assert (now(station).online, now(station).connection_id) == (True, "socket-2")


def test_a_socket_closing_twice_changes_nothing(station):
    connect(station, "socket-1")
    disconnect(station, "socket-1", minute=7)
    assert not disconnect(station, "socket-1", minute=9)
    assert now(station).disconnected_at == given.after(7)


def test_a_new_socket_tells_older_ones_to_close(
    station, monkeypatch, django_capture_on_commit_callbacks
):
    rings = ringing.heard(monkeypatch)
    with django_capture_on_commit_callbacks(execute=True):
        connect(station, "socket-2")
    message = {"type": "station.superseded", "station": station.pk, "by": "socket-2"}
    assert rings == [(events.GATEWAY, message)]


def test_a_new_process_finds_no_socket_open(station, other_station):
    connect(station, "socket-1")
    assert stations.all_disconnected(at=given.after(9)) == 1
    assert (now(station).online, now(station).connection_id) == (False, "")
    assert now(other_station).disconnected_at is None


def test_a_boot_stores_what_the_station_says_of_itself(station):
    boot(station, minute=3, serial_number="S-1", firmware_version="1.2.3", iccid="89")
    stored = now(station)
    assert (stored.vendor, stored.model, stored.serial_number) == ("Acme", "One", "S-1")
    assert (stored.firmware_version, stored.iccid) == ("1.2.3", "89")
    assert stored.last_boot_at == stored.last_seen_at == given.after(3)


def test_a_boot_forgets_what_the_station_does_not_say_any_more(station):
    boot(station, firmware_version="1.2.3")
    boot(station)
    assert now(station).firmware_version == ""


@pytest.mark.parametrize("registration", ["Accepted", "Pending", "Rejected"])
def test_a_boot_is_answered_with_the_registration(station, registration):
    stations.change(station=station, registration=Registration(registration))
    assert boot(station).registration == registration


def test_a_boot_is_answered_with_the_systems_interval_or_the_stations_own(station, settings):
    settings.OCPP_HEARTBEAT_INTERVAL = 450
    assert 405 <= boot(station).interval_s <= 450
    stations.change(station=station, heartbeat_interval_s=300)
    assert {boot(station).interval_s for _ in range(5)} == {300}


def test_stations_that_boot_together_get_intervals_of_their_own(station, settings):
    settings.OCPP_HEARTBEAT_INTERVAL = 10_000
    assert len({boot(station).interval_s for _ in range(10)}) > 5


def test_a_second_one_of_the_same_identity_is_refused(station):
    with pytest.raises(Conflict, match="exists already") as refusal:
        stations.create(cp_id="cp-1")
    assert "ocppIdentifier" in refusal.value.fields


def test_one_that_never_charged_may_be_deleted(station):
    given.report(station, "Available")
    stations.delete(station=station)
    assert not ChargingStation.objects.exists()


def test_one_that_charged_stays(station):
    given.begin(station)
    with pytest.raises(Conflict, match="sessions"):
        stations.delete(station=station)


def test_deleting_one_closes_its_socket(station, monkeypatch, django_capture_on_commit_callbacks):
    connect(station, "socket-1")
    rings = ringing.heard(monkeypatch)
    number = station.pk
    with django_capture_on_commit_callbacks(execute=True):
        stations.delete(station=station)
    assert [message["station"] for _, message in rings] == [number]
    assert rings[0][1]["type"] == "station.superseded"


def test_an_unknown_time_zone_is_taken_for_utc(station):
    station.time_zone = "Mars/Olympus"
    assert station.zone.utcoffset(given.NOON).total_seconds() == 0
