"""What a gateway elsewhere reports of stations: known, there, gone, heard from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from cms.accounts.models import Scope
from cms.shared import clock
from cms.shared.errors import StationOffline
from stations.models import ChargingStation, Connector, Happening, Site
from stations.services import commands, connectors, elsewhere, stations
from tests.gateways.conftest import a_gateway, connect, send, told

NOT_FOUND = {"success": False, "error": "Charger not found"}
MEMBERS = {
    *("id", "deviceId", "name", "location", "vendor", "model", "serialNumber", "firmwareVersion"),
    *("meterSerialNumber", "connectorCount", "powerRating", "voltage", "current", "status"),
    *("energyConsumption", "errorCode", "vendorId", "installationDate", "lastSeen", "createdAt"),
    "updatedAt",
}


def test_a_station_is_shown_with_every_member(gateway, station):
    answer = gateway.get("/api/charger/by-device/dev1")
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    charger = answer.json()["charger"]
    assert set(charger) == MEMBERS
    assert (charger["deviceId"], charger["name"], charger["vendor"]) == ("DEV1", "DEV1", "ABB")
    assert (charger["model"], charger["connectorCount"]) == ("Unknown", 0)
    assert (charger["status"], charger["errorCode"]) == ("Unavailable", "NoError")


def test_what_is_not_known_is_a_404_in_the_envelope(gateway):
    for method, path in (
        ("get", "charger/by-device/NOBODY"),
        ("patch", "charger/NOBODY/last-seen"),
        ("post", "charger/NOBODY/ocpp-message"),
    ):
        answer = send(gateway, method, path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    answer = send(gateway, "patch", "charger/NOBODY/status", {"status": "online"})
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_who_has_another_scope_is_refused_in_the_envelope(station):
    client = a_gateway("reader", Scope.READ, Scope.WRITE, Scope.CONTROL)
    answer = client.get("/api/charger/by-device/DEV1")
    assert answer.status_code == 403
    assert answer.json() == {"success": False, "error": "This API key lacks the scope gateway."}
    client.credentials()
    answer = send(client, "post", "charger/ensure", {"deviceId": "X"})
    assert (answer.status_code, answer.json()["success"]) == (401, False)


def test_the_scope_opens_nothing_else(gateway, station):
    assert gateway.get("/api/stations").status_code == 403
    assert send(gateway, "post", "admin/DEV1/reset").status_code == 403
    assert send(gateway, "post", "wallet/top-up", {"amount": 5}).status_code == 403


def test_a_station_nobody_knew_is_made_with_the_defaults(gateway):
    answer = send(gateway, "post", "charger/ensure", {"deviceId": "NEW", "whatever": [1]})
    charger = answer.json()["charger"]
    assert (answer.status_code, charger["name"], charger["vendor"]) == (200, "NEW", "Unknown")
    assert ChargingStation.objects.get(cp_id="NEW").pk == charger["id"]


def test_a_station_that_is_known_keeps_what_is_not_named(gateway, station):
    body = {"deviceId": "DEV1", "model": "Terra", "vendor": None, "serialNumber": "Unknown"}
    charger = send(gateway, "post", "charger/ensure", body).json()["charger"]
    assert charger["id"] == station.pk
    assert (charger["vendor"], charger["model"]) == ("ABB", "Terra")
    station.refresh_from_db()
    assert station.serial_number == ""


def test_connectors_are_made_as_many_as_it_has(gateway, station):
    Connector.objects.create(station=station, connector_id=1)
    body = {"deviceId": "DEV1", "connectorCount": 2}
    assert send(gateway, "post", "charger/ensure", body).json()["charger"]["connectorCount"] == 2
    body["connectorCount"] = 1
    assert send(gateway, "post", "charger/ensure", body).json()["charger"]["connectorCount"] == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "deviceId is required"),
        ({"deviceId": ""}, "deviceId is required"),
        ({"deviceId": None}, "deviceId is required"),
        ({"deviceId": "A/B"}, "deviceId: No slashes, backslashes or control characters."),
        ({"deviceId": ".."}, "deviceId: should be printable, and more than dots"),
    ],
)
def test_an_identity_that_is_none_is_refused(gateway, body, why):
    answer = send(gateway, "post", "charger/ensure", body)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": why})


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_row():
    place = elsewhere.Place("Accepted")

    def ensure(number: int) -> int:
        try:
            return elsewhere.ensure(
                cp_id="SAME" if number % 2 else "same", place=place, outlets=2, details={}
            ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        rows = set(pool.map(ensure, range(20)))
    [station] = ChargingStation.objects.named("SAME")
    assert rows == {station.pk}
    assert station.connectors.count() == 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("online", "Available"),
        ("Available", "Available"),
        ("Charging", "Charging"),
        ("Occupied", "Occupied"),
        ("Unavailable", "Unavailable"),
    ],
)
def test_a_station_that_is_there_is_online(gateway, station, said, shown):
    answer = send(gateway, "patch", "charger/DEV1/status", {"status": said})
    assert (answer.status_code, answer.json()["charger"]["status"]) == (200, shown)
    online, socket, served_by = told(station)
    assert (online, socket) == (True, "")
    assert served_by.startswith("key ")


@pytest.mark.parametrize("word", ["offline", "disconnected"])
def test_a_station_that_is_gone_is_offline(gateway, station, word):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    answer = send(gateway, "patch", "charger/DEV1/status", {"status": word})
    assert answer.json()["charger"]["status"] == "Unavailable"
    assert told(station) == (False, "", "")
    kinds = Happening.objects.order_by("pk").values_list("kind", flat=True)
    assert [*kinds] == ["Online", "Offline"]


def test_a_word_that_is_none_is_refused(gateway, station):
    answer = send(gateway, "patch", "charger/DEV1/status", {"status": "Foo"})
    why = "Invalid status. Must be one of: Available, Charging, Occupied, Unavailable"
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": why})
    answer = send(gateway, "patch", "charger/DEV1/status", {})
    assert answer.json() == {"success": False, "error": "status is required"}


def test_a_socket_here_is_never_taken_offline(gateway, station):
    connect(station)
    for word in ("online", "Charging", "offline", "disconnected"):
        assert send(gateway, "patch", "charger/DEV1/status", {"status": word}).status_code == 200
        assert told(station) == (True, "socket", "")
    assert not Connector.objects.filter(station=station, connector_id=0).exists()


def test_a_socket_here_takes_over_and_a_late_word_changes_nothing(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    connect(station)
    send(gateway, "patch", "charger/DEV1/status", {"status": "offline"})
    assert told(station) == (True, "socket", "")


def test_a_socket_that_died_here_gives_way(gateway, station):
    connect(station)
    stations.notice_silence(at=clock.now() + timedelta(days=1))
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    online, socket, served_by = told(station)
    assert (online, socket, served_by[:3]) == (True, "", "key")
    at = clock.now()
    assert not stations.disconnected(station_id=station.pk, connection_id="socket", at=at)
    assert told(station)[0] is True


def test_of_two_gateways_the_newest_counts(gateway, station):
    other = a_gateway("another")
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    send(other, "patch", "charger/DEV1/status", {"status": "online"})
    send(gateway, "patch", "charger/DEV1/status", {"status": "offline"})
    assert told(station)[0] is True
    send(other, "patch", "charger/DEV1/status", {"status": "offline"})
    assert told(station)[0] is False


def test_it_cannot_be_asked_from_here(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    with pytest.raises(StationOffline):
        commands.request(station=station, action="Reset", payload={}, at=clock.now())


def test_hearing_of_it_moves_when_it_was_last_seen(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    before = clock.now()
    answer = send(gateway, "patch", "charger/DEV1/last-seen")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    station.refresh_from_db()
    assert station.last_seen_at >= before


def test_one_that_fell_silent_is_back_when_it_is_heard(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    stations.notice_silence(at=clock.now() + timedelta(days=1))
    assert told(station)[0] is False
    send(gateway, "patch", "charger/DEV1/last-seen")
    assert told(station)[0] is True


def test_the_last_word_after_it_left_does_not_bring_it_back(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    send(gateway, "patch", "charger/DEV1/status", {"status": "offline"})
    send(gateway, "patch", "charger/DEV1/last-seen")
    assert told(station) == (False, "", "")


def test_a_dead_socket_here_is_not_kept_alive_from_elsewhere(gateway, station):
    connect(station)
    at = clock.now() - timedelta(hours=1)
    ChargingStation.objects.filter(pk=station.pk).update(last_seen_at=at)
    send(gateway, "patch", "charger/DEV1/last-seen")
    station.refresh_from_db()
    assert station.last_seen_at == at


def test_one_word_stands_for_all_outlets(gateway, station):
    send(gateway, "patch", "charger/DEV1/status", {"status": "online"})
    at = clock.now()
    for number, status in ((1, "Preparing"), (2, "Faulted")):
        report = connectors.StatusReport(number, status, "OverVoltage", at, vendor_id="abb")
        connectors.set_status(station_id=station.pk, report=report, at=at)
    charger = gateway.get("/api/charger/by-device/DEV1").json()["charger"]
    assert (charger["status"], charger["errorCode"]) == ("Occupied", "OverVoltage")
    assert (charger["vendorId"], charger["connectorCount"]) == ("abb", 2)


def test_a_limited_key_sees_its_own_stations_only(station):
    north, south = Site.objects.create(name="North"), Site.objects.create(name="South")
    theirs = stations.create(cp_id="NORTH", site=north)
    client = a_gateway("limited", sites=[north])
    assert client.get("/api/charger/by-device/NORTH").json()["charger"]["id"] == theirs.pk
    for path in ("by-device/DEV1", "by-device/NOBODY"):
        answer = client.get(f"/api/charger/{path}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    answer = send(client, "post", "charger/ensure", {"deviceId": "DEV1"})
    assert (answer.status_code, answer.json()["error"]) == (409, "This identity is taken")
    made = send(client, "post", "charger/ensure", {"deviceId": "NEW"}).json()["charger"]
    assert made["location"] == "North"
    both = a_gateway("both", sites=[north, south])
    assert send(both, "post", "charger/ensure", {"deviceId": "NEXT"}).status_code == 400
