"""/api/stations, with the names of the prior gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from stations.models import ChargingStation, ConfigurationKey, Connector, Site
from stations.services import configuration, keys, stations
from tests.api.conftest import NOW, charge

PRIOR = {
    "id",
    "ocppIdentifier",
    "vendor",
    "model",
    "serialNumber",
    "firmwareVersion",
    "status",
    "lastHeartbeatAt",
    "createdAt",
    "updatedAt",
    "connectors",
    "isConnected",
}


def test_a_station_has_the_members_of_the_prior_gateway(api: APIClient, station):
    (shown,) = api.get("/api/stations").json()
    assert shown.keys() >= PRIOR
    assert shown["ocppIdentifier"] == "CP_001"
    assert shown["vendor"] == "Acme"
    assert shown["status"] == "OFFLINE"
    assert shown["isConnected"] is False
    assert shown["registration"] == "Accepted"
    assert shown["chargePointStatus"] == "Available"
    assert shown["site"] is None
    assert shown["createdAt"].endswith("Z")


def test_its_connectors_are_the_outlets_without_number_0(api: APIClient, station):
    Connector.objects.filter(connector_id=1).update(max_power_w=22_000, connector_type="Type 2")
    first, second = api.get("/api/stations/CP_001").json()["connectors"]
    assert (first["connectorId"], second["connectorId"]) == (1, 2)
    assert first["status"] == "Available"
    assert first["lastStatusAt"] == "2026-03-01T12:00:00Z"
    assert first["maxPowerKw"] == 22.0
    assert first["connectorType"] == "Type 2"
    assert second["maxPowerKw"] is None
    assert first["id"] == Connector.objects.get(connector_id=1).pk


def test_the_time_of_a_status_outlives_a_boot(api: APIClient, station):
    stations.boot(station_id=station.pk, report=stations.BootReport("Acme", "One"), at=NOW)
    shown = api.get("/api/stations/CP_001").json()
    assert shown["connectors"][0]["lastStatusAt"] == "2026-03-01T12:00:00Z"


def test_one_with_an_open_socket_is_online_and_connected(api: APIClient, online):
    shown = api.get("/api/stations/CP_001").json()
    assert shown["status"] == "ONLINE"
    assert shown["isConnected"] is True
    assert shown["lastHeartbeatAt"] is not None
    assert api.get("/api/stations/connected/list").json() == {"connectedStations": ["CP_001"]}


def test_one_that_fell_silent_is_not_listed_as_connected(api: APIClient, online):
    stations.notice_silence(at=timezone.now() + timedelta(hours=1))
    assert api.get("/api/stations/connected/list").json() == {"connectedStations": []}
    assert api.get("/api/stations/CP_001").json()["isConnected"] is False


@pytest.mark.parametrize("path", ["cp_001", "CP_001/", "Cp_001"])
def test_a_station_is_found_in_any_letter_case(api: APIClient, station, path):
    assert api.get(f"/api/stations/{path}").json()["ocppIdentifier"] == "CP_001"


@pytest.mark.parametrize("name", ["RDAM 123", "box.v2", "Säule-7", "a%b", "connected"])
def test_a_station_may_have_an_unusual_name(api: APIClient, db, name):
    stations.create(cp_id=name)
    assert api.get(f"/api/stations/{name.replace('%', '%25')}").json()["ocppIdentifier"] == name


def test_an_unknown_station_is_a_404(api: APIClient, db):
    for method in ("get", "put", "patch", "delete"):
        response = getattr(api, method)("/api/stations/NOBODY", {}, format="json")
        assert response.status_code == 404
        assert response.json() == {"code": "not_found", "error": "Station not found"}


def test_a_station_is_added(api: APIClient, db):
    site = Site.objects.create(name="Harbour", latitude="53.543800", longitude="9.995600")
    body = {
        "ocppIdentifier": "CP_9",
        "name": "Gate",
        "vendor": "Acme",
        "heartbeatInterval": 300,
        "timeZone": "Europe/Berlin",
        "siteId": site.pk,
    }
    response = api.post("/api/stations", body, format="json")
    assert response.status_code == 201
    shown = response.json()
    assert shown["name"] == "Gate"
    assert shown["vendor"] == "Acme"
    assert shown["heartbeatInterval"] == 300
    assert shown["site"]["latitude"] == 53.5438
    assert shown["connectors"] == []
    assert shown["chargePointStatus"] is None
    assert shown["hasAuthorizationKey"] is False
    assert "authorizationKey" not in shown


def test_adding_one_that_exists_changes_it(api: APIClient, station):
    body = {"ocppIdentifier": "cp_001", "name": "Gate"}
    response = api.post("/api/stations", body, format="json")
    assert response.status_code == 200
    assert response.json()["ocppIdentifier"] == "CP_001"
    assert response.json()["name"] == "Gate"
    assert response.json()["vendor"] == "Acme"
    assert ChargingStation.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ocppIdentifier", "a/b"),
        ("ocppIdentifier", ""),
        ("ocppIdentifier", "x" * 101),
        ("registration", "Maybe"),
        ("heartbeatInterval", 5),
        ("heartbeatInterval", "often"),
        ("timeZone", "Mars/North"),
        ("siteId", 99),
        ("authorizationKey", "short"),
        ("authorizationKey", 5),
        ("authorizationKey", False),
        ("nonsense", 1),
    ],
)
def test_a_bad_member_is_named(api: APIClient, db, field, value):
    response = api.post("/api/stations", {"ocppIdentifier": "CP_9", field: value}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not ChargingStation.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_leaves_alone_what_it_does_not_name(api: APIClient, station, method):
    change = {"registration": "Pending"}
    response = getattr(api, method)("/api/stations/cp_001", change, format="json")
    assert response.status_code == 200
    assert response.json()["registration"] == "Pending"
    assert response.json()["vendor"] == "Acme"


def test_what_was_read_can_be_written_back(api: APIClient, station):
    shown = api.get("/api/stations/CP_001").json()
    response = api.put("/api/stations/CP_001", {**shown, "name": "Gate"}, format="json")
    assert response.status_code == 200
    assert response.json()["name"] == "Gate"


def test_the_identity_of_a_station_stays(api: APIClient, station):
    response = api.patch("/api/stations/CP_001", {"ocppIdentifier": "CP_2"}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["ocppIdentifier"]


def test_a_station_that_never_charged_is_removed(api: APIClient, station):
    assert api.delete("/api/stations/CP_001").status_code == 204
    assert api.get("/api/stations").json() == []


def test_one_that_charged_stays(api: APIClient, station):
    charge(station)
    response = api.delete("/api/stations/CP_001")
    assert response.status_code == 409
    assert response.json()["code"] == "conflict"


@pytest.mark.parametrize("wanted", [True, "generate"])
def test_a_made_key_is_shown_once(api: APIClient, db, wanted):
    body = {"ocppIdentifier": "CP_9", "authorizationKey": wanted}
    shown = api.post("/api/stations", body, format="json").json()
    station = ChargingStation.objects.get()
    assert keys.matches(station.key_hash, shown["authorizationKey"])
    assert shown["hasAuthorizationKey"] is True
    assert "authorizationKey" not in api.get("/api/stations/CP_9").json()


def test_a_given_key_is_taken_and_not_repeated(api: APIClient, station):
    body = {"authorizationKey": "0123456789abcdef"}
    response = api.patch("/api/stations/CP_001", body, format="json")
    assert response.status_code == 200
    assert "authorizationKey" not in response.json()
    station.refresh_from_db()
    assert keys.matches(station.key_hash, "0123456789abcdef")


def test_a_bad_key_changes_nothing_else(api: APIClient, station):
    body = {"name": "Gate", "authorizationKey": "short"}
    assert api.patch("/api/stations/CP_001", body, format="json").status_code == 400
    station.refresh_from_db()
    assert station.name == ""


def test_a_key_can_be_renewed_and_taken_away(api: APIClient, station):
    made = api.post("/api/stations/CP_001/key").json()["authorizationKey"]
    station.refresh_from_db()
    assert keys.matches(station.key_hash, made)
    assert api.delete("/api/stations/CP_001/key").status_code == 204
    station.refresh_from_db()
    assert station.key_hash == ""


def test_the_configuration_is_what_the_station_last_told(api: APIClient, station):
    told = [
        configuration.Setting("HeartbeatInterval", "60", False),
        configuration.Setting("ConnectorSwitch3to1PhaseSupported", "true", True),
    ]
    configuration.read(station_id=station.pk, settings=told, at=NOW)
    assert api.get("/api/stations/CP_001/configuration").json() == [
        {
            "key": "ConnectorSwitch3to1PhaseSupported",
            "value": "true",
            "readonly": True,
            "readAt": "2026-03-01T12:00:00Z",
        },
        {
            "key": "HeartbeatInterval",
            "value": "60",
            "readonly": False,
            "readAt": "2026-03-01T12:00:00Z",
        },
    ]
    first = api.get("/api/stations/CP_001/configuration?limit=1")
    assert len(first.json()) == 1
    assert first["Link"]
    assert ConfigurationKey.objects.count() == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=ONLINE", ["CP_001"]),
        ("status=OFFLINE", ["CP_002"]),
        ("connected=true", ["CP_001"]),
        ("connected=false", ["CP_002"]),
        ("registration=Pending", ["CP_002"]),
        ("", ["CP_001", "CP_002"]),
    ],
)
def test_stations_are_filtered(api: APIClient, online, query, found):
    stations.create(cp_id="CP_002", registration="Pending")
    shown = api.get(f"/api/stations?{query}").json()
    assert [station["ocppIdentifier"] for station in shown] == found


def test_stations_are_filtered_by_site(api: APIClient, station):
    site = Site.objects.create(name="Harbour")
    stations.create(cp_id="CP_002", site=site)
    (shown,) = api.get(f"/api/stations?siteId={site.pk}").json()
    assert shown["ocppIdentifier"] == "CP_002"
    assert api.get("/api/stations?siteId=99").status_code == 400


@pytest.mark.parametrize("query", ["status=Maybe", "connected=perhaps", "registration=x"])
def test_an_unknown_filter_value_is_a_400(api: APIClient, db, query):
    response = api.get(f"/api/stations?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [query.partition("=")[0]]


def test_the_last_sign_of_life_is_shown_as_last_heartbeat(api: APIClient, online):
    at = datetime(2026, 5, 1, tzinfo=UTC)
    stations.heard_from(station_ids=[online.pk], at=at)
    assert api.get("/api/stations/CP_001").json()["lastHeartbeatAt"] == "2026-05-01T00:00:00Z"
