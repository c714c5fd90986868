"""/api/sessions, with the names of the prior gateway."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from stations.models import ChargingSession
from stations.services import sessions, stations
from tests.api.conftest import NOW, charge

PRIOR = {
    "id",
    "chargingStationId",
    "connectorId",
    "ocppTransactionId",
    "ocppIdTag",
    "startTimestamp",
    "stopTimestamp",
    "startMeterValue",
    "stopMeterValue",
    "energyKwh",
    "sessionStatus",
    "chargingStation",
    "connector",
}


def test_a_session_has_the_members_of_the_prior_gateway(api: APIClient, station):
    transaction_id = charge(station)
    (shown,) = api.get("/api/sessions").json()
    assert shown.keys() >= PRIOR
    assert shown["id"] == shown["ocppTransactionId"] == transaction_id
    assert shown["chargingStationId"] == station.pk
    assert shown["stationIdentifier"] == "CP_001"
    assert shown["chargingStation"] == {"id": station.pk, "ocppIdentifier": "CP_001"}
    assert shown["connectorId"] == shown["connector"]["connectorId"] == 1
    assert shown["ocppIdTag"] == "RFID_001"
    assert shown["startTimestamp"] == "2026-03-01T12:00:00Z"
    assert shown["stopTimestamp"] == "2026-03-01T13:00:00Z"
    assert (shown["startMeterValue"], shown["stopMeterValue"]) == (1000, 11500)
    assert shown["energyKwh"] == 10.5
    assert shown["sessionStatus"] == "COMPLETED"
    assert shown["stopReason"] == "Local"
    assert shown["authorization"] == "Invalid"
    assert shown["needsReview"] is False
    assert shown["reviewReasons"] == []


def test_a_running_session_shows_its_latest_values(api: APIClient, station):
    transaction_id = charge(station, readings=3, ends=False)
    shown = api.get(f"/api/sessions/{transaction_id}").json()
    assert shown["sessionStatus"] == "ACTIVE"
    assert shown["stopTimestamp"] is None
    assert shown["energyKwh"] == 0.002
    assert shown["powerKw"] == 7.4
    assert shown["socPercent"] == 50.0


def test_a_stop_without_a_start_is_shown_for_review(api: APIClient, station):
    stop = sessions.Stop(4711, NOW, 5000, id_tag="RFID_001")
    sessions.end(station_id=station.pk, stop=stop, at=NOW)
    (shown,) = api.get("/api/sessions?needsReview=true").json()
    assert shown["sessionStatus"] == "ORPHANED"
    assert shown["reportedTransactionId"] == 4711
    assert shown["connectorId"] is None
    assert shown["connector"] is None
    assert shown["startTimestamp"] is None
    assert shown["reviewReasons"] == ["NoStart"]


def test_the_detail_has_the_meter_values(api: APIClient, station):
    transaction_id = charge(station, readings=3)
    shown = api.get(f"/api/sessions/{transaction_id}").json()
    first = shown["meterValues"][0]
    assert [value["meterValue"] for value in shown["meterValues"]] == [1000, 1001, 1002]
    assert first["timestamp"] == "2026-03-01T12:00:00Z"
    assert first["rawJson"] == '[{"value":"1"}]'
    assert (first["powerW"], first["currentA"], first["voltageV"]) == (7400, 32.0, 230.0)
    assert shown["meterValuesUrl"] == f"/api/sessions/{transaction_id}/meter-values"
    assert len(api.get(shown["meterValuesUrl"]).json()) == 3


def test_the_detail_has_only_the_last_thousand(api: APIClient, station):
    transaction_id = charge(station, readings=1003)
    shown = api.get(f"/api/sessions/{transaction_id}").json()["meterValues"]
    assert [shown[0]["meterValue"], shown[-1]["meterValue"]] == [1003, 2002]
    assert len(shown) == 1000


def test_a_list_shows_meter_values_only_when_asked(api: APIClient, station):
    first = charge(station, readings=2)
    charge(station, begins=NOW + timedelta(hours=2), readings=105)
    assert all("meterValues" not in row for row in api.get("/api/sessions").json())
    newest, oldest = api.get("/api/sessions?include=meterValues").json()
    assert oldest["id"] == first
    assert len(oldest["meterValues"]) == 2
    assert [newest["meterValues"][0]["meterValue"], len(newest["meterValues"])] == [1005, 100]


def test_a_list_with_meter_values_is_shorter(api: APIClient, station):
    for number in range(101):
        charge(station, begins=NOW + timedelta(hours=2 * number))
    assert len(api.get("/api/sessions?limit=1000").json()) == 101
    bounded = api.get("/api/sessions?limit=1000&include=meterValues")
    assert len(bounded.json()) == 100
    assert bounded["Link"]


def test_including_anything_else_is_a_400(api: APIClient, db):
    response = api.get("/api/sessions?include=bills")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["include"]


def test_an_unknown_session_is_a_404(api: APIClient, db):
    for path in ("1", "1/meter-values"):
        response = api.get(f"/api/sessions/{path}")
        assert response.status_code == 404
        assert response.json()["error"] == "Session not found"


@pytest.fixture
def several(station) -> dict[str, int]:
    """One completed and one running session here, one of another day elsewhere."""
    other = stations.create(cp_id="CP_002")
    return {
        "elsewhere": charge(other, id_tag="Tag_B", begins=NOW - timedelta(days=1)),
        "done": charge(station),
        "running": charge(station, connector_id=2, id_tag="TAG_C", ends=False),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["running", "done", "elsewhere"]),
        ("status=ACTIVE", ["running"]),
        ("status=COMPLETED&station=CP_001", ["done"]),
        ("station=cp_002", ["elsewhere"]),
        ("connectorId=2", ["running"]),
        ("connectorId=7", []),
        ("idTag=tag_b", ["elsewhere"]),
        ("startAfter=2026-03-01T12:00:00Z", ["running", "done"]),
        ("start_after=2026-03-01T12:00:00Z", ["running", "done"]),
        ("startBefore=2026-03-01T12:00:00Z", ["elsewhere"]),
        ("startAfter=2026-02-28T12:00:00Z&startBefore=2026-03-01", ["elsewhere"]),
        ("needsReview=true", []),
        ("needsReview=false&limit=1", ["running"]),
    ],
)
def test_sessions_are_filtered(api: APIClient, several, query, found):
    if query.endswith("2026-03-01"):
        query += "T00:00:00Z"
    names = {number: name for name, number in several.items()}
    response = api.get(f"/api/sessions?{query}")
    assert [names[row["id"]] for row in response.json()] == found


@pytest.mark.parametrize(
    "query",
    [
        "status=Doing",
        "station=NOBODY",
        "connectorId=one",
        "startAfter=yesterday",
        "startBefore=2026-13-01T00:00:00Z",
        "needsReview=maybe",
    ],
)
def test_an_unknown_filter_value_is_a_400(api: APIClient, db, query):
    response = api.get(f"/api/sessions?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "query",
    [
        "startAfter=0001-01-01T00:00:00%2B14:00",
        "startBefore=9999-12-31T23:59:59-14:00",
        "connectorId=99999999999999999999",
        "idTag=%F0%9F%94%8C",
    ],
)
def test_an_extreme_filter_value_finds_or_does_not_find(api: APIClient, several, query):
    assert api.get(f"/api/sessions?{query}").status_code == 200


def test_the_sessions_of_one_station(api: APIClient, several):
    for path in ("CP_001", "cp_001", "CP_001/"):
        shown = api.get(f"/api/sessions/station/{path}").json()
        assert [row["id"] for row in shown] == [several["running"], several["done"]]
    filtered = api.get("/api/sessions/station/CP_001?status=COMPLETED").json()
    assert [row["id"] for row in filtered] == [several["done"]]
    limited = api.get("/api/sessions/station/CP_001?limit=1")
    assert [row["id"] for row in limited.json()] == [several["running"]]
    assert limited["Link"]


def test_what_a_station_charges_now(api: APIClient, several):
    (running,) = api.get("/api/sessions/station/CP_001/active").json()
    assert running["id"] == several["running"]
    assert api.get("/api/sessions/station/CP_002/active").json() == []


@pytest.mark.parametrize("path", ["NOBODY", "NOBODY/active"])
def test_the_sessions_of_an_unknown_station_are_a_404(api: APIClient, db, path):
    assert api.get(f"/api/sessions/station/{path}").status_code == 404


def test_sessions_are_made_by_stations_only(api: APIClient, several):
    transaction_id = several["done"]
    for method in ("post", "put", "patch", "delete"):
        for path in ("sessions", f"sessions/{transaction_id}"):
            response = getattr(api, method)(f"/api/{path}", {}, format="json")
            assert response.status_code == 405
    assert ChargingSession.objects.count() == 3
