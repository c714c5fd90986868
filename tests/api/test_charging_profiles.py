"""Charging profiles over REST: defined, assigned, sent in OCPP's words, cleared, read back."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from stations.models import ChargingProfile, Command, ProfileAssignment
from tests.api.conftest import NOW, Answers, caller, charge
from tests.stations.given_profiles import in_ocpp, named

PATH = "/api/stations/CP_001/charging-profiles"
PERIOD = {"startPeriod": 0, "limit": 16, "numberPhases": 3}
BODY: dict[str, Any] = {
    "name": "Night",
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2026-03-01T00:00:00Z",
    "chargingSchedule": {
        "duration": 86400,
        "startSchedule": "2026-03-01T22:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [PERIOD, {"startPeriod": 28800, "limit": 6.5}],
        "minChargingRate": 6,
    },
}


def test_a_profile_is_defined_in_ocpps_words(api: APIClient, db):
    made = api.post("/api/charging-profiles", BODY, format="json")
    assert made.status_code == 201
    shown = api.get(f"/api/charging-profiles/{made.json()['id']}").json()
    assert {name: shown[name] for name in BODY} == BODY
    assert api.get("/api/charging-profiles").json() == [shown]
    assert api.get("/api/charging-profiles?purpose=TxProfile").json() == []


def test_a_name_that_is_taken_is_a_409(api: APIClient, db):
    api.post("/api/charging-profiles", BODY, format="json")
    response = api.post("/api/charging-profiles", BODY, format="json")
    assert response.status_code == 409
    assert list(response.json()["fields"]) == ["name"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stackLevel": -1}, "stackLevel"),
        ({"stackLevel": 2**40}, "stackLevel"),
        ({"name": ""}, "name"),
        ({"chargingProfilePurpose": "Other"}, "chargingProfilePurpose"),
        ({"validTo": "2026-02-01T00:00:00Z"}, "validTo"),
        ({"unknown": 1}, "unknown"),
        ({"recurrencyKind": ""}, "recurrencyKind"),
    ],
)
def test_a_member_that_is_wrong_is_named(api: APIClient, db, change, field):
    response = api.post("/api/charging-profiles", {**BODY, **change}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not ChargingProfile.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"startPeriod": 5, "limit": 1}],
        [{"startPeriod": 0}],
        [{"startPeriod": 0, "limit": "x"}],
        [{"startPeriod": 0, "limit": "inf"}],
        [{"startPeriod": 0, "limit": "nan"}],
        [{"startPeriod": 0, "limit": 1.25}],
        [{"startPeriod": 0, "limit": 1, "numberPhases": 5}],
        "text",
    ],
)
def test_a_period_that_is_wrong_is_a_400(api: APIClient, db, rows):
    schedule = {**BODY["chargingSchedule"], "chargingSchedulePeriod": rows}
    body = {**BODY, "chargingSchedule": schedule}
    response = api.post("/api/charging-profiles", body, format="json")
    assert response.status_code == 400
    assert all(name.startswith("chargingSchedule") for name in response.json()["fields"])


def test_a_profile_is_changed_and_deleted(api: APIClient, db):
    path = f"/api/charging-profiles/{named('Old').pk}"
    assert api.patch(path, {"name": "New"}, format="json").json()["name"] == "New"
    assert api.put(path, BODY, format="json").json()["name"] == "Night"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_caller_who_may_only_write_controls_no_station(user, online):
    body = {"profileId": named().pk, "connectorId": 1}
    assert caller(user, "read", "write").post(PATH, body, format="json").status_code == 403


@pytest.mark.parametrize("status", ["Accepted", "Rejected", "NotSupported"])
def test_an_assigned_profile_shows_what_the_station_said(
    api: APIClient, online, answers: Answers, status
):
    answers({"status": status})
    profile = named()
    response = api.post(PATH, {"profileId": profile.pk, "connectorId": 1}, format="json")
    assert response.status_code == 201
    shown = response.json()
    assert (shown["state"], shown["answer"]) == (status, status)
    assert (shown["profileName"], shown["connectorId"]) == ("Night", 1)
    assert shown["sent"] == profile.as_sent(shown["chargingProfileId"])
    assert api.get(response["Location"]).json() == shown
    assert api.get(f"{PATH}?state={status}&connectorId=1").json() == [shown]


def test_an_assignment_without_an_answer_yet_is_a_202(api: APIClient, online):
    body = {"profileId": named().pk, "connectorId": 1}
    response = api.post(f"{PATH}?wait=0", body, format="json")
    assert (response.status_code, response.json()["state"]) == (202, "Requested")


def test_an_assignment_to_a_station_that_is_away_is_a_409(api: APIClient, station):
    body = {"profileId": named().pk, "connectorId": 1}
    response = api.post(PATH, body, format="json")
    assert (response.status_code, response.json()["code"]) == (409, "station_offline")
    assert not ProfileAssignment.objects.exists()


def test_an_assignment_may_wait_for_a_station(api: APIClient, station):
    body = {"profileId": named().pk, "connectorId": 1}
    assert api.post(f"{PATH}?queue=60&wait=0", body, format="json").status_code == 202


def test_a_repeated_key_assigns_once_and_nothing_else(api: APIClient, online):
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "a"}
    body = {"profileId": named().pk, "connectorId": 1}
    first, again = (api.post(f"{PATH}?wait=0", body, format="json", **key) for _ in range(2))
    assert first.json() == again.json()
    other = api.post(f"{PATH}?wait=0", {**body, "connectorId": 2}, format="json", **key)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"profileId": 999, "connectorId": 1}, "profileId"),
        ({"connectorId": 1}, "profileId"),
        ({"profileId": None, "connectorId": -1}, "connectorId"),
        ({"profileId": None, "connectorId": 1001}, "connectorId"),
    ],
)
def test_an_assignment_that_is_wrong_is_named(api: APIClient, online, body, field):
    if "profileId" in body and body["profileId"] is None:
        body = {**body, "profileId": named().pk}
    response = api.post(PATH, body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_an_assigned_profile_is_cleared_by_its_number(api: APIClient, online, answers: Answers):
    answers({"status": "Accepted"})
    path = api.post(PATH, {"profileId": named().pk, "connectorId": 1}, format="json")["Location"]
    response = api.delete(path)
    assert (response.status_code, response.json()["state"]) == (200, "Cleared")
    number = response.json()["chargingProfileId"]
    assert Command.objects.first().payload == {"id": number}


def test_a_profile_of_another_station_is_a_404(api: APIClient, online, answers: Answers):
    answers({"status": "Accepted"})
    path = api.post(PATH, {"profileId": named().pk, "connectorId": 1}, format="json")["Location"]
    assert api.delete(path.replace("CP_001", "CP_002")).status_code == 404


def test_a_profile_in_ocpps_words_is_kept_as_well(api: APIClient, online, answers: Answers):
    answers({"status": "Accepted"})
    body = {"connectorId": 0, "csChargingProfiles": in_ocpp("ChargePointMaxProfile", 41)}
    response = api.post("/api/admin/CP_001/set-charging-profile", body, format="json")
    assert response.json() == {"status": "Accepted"}
    (shown,) = api.get(PATH).json()
    assert (shown["chargingProfileId"], shown["state"]) == (41, "Accepted")
    assert Command.objects.get().payload == body
    response = api.post(
        "/api/admin/CP_001/clear-charging-profile", {"stackLevel": 0}, format="json"
    )
    assert api.get(PATH).json()[0]["state"] == "Cleared"


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (in_ocpp("TxProfile"), "connectorId"),
        (in_ocpp(stackLevel=-1), "csChargingProfiles.stackLevel"),
        (
            in_ocpp(chargingSchedule={"chargingSchedulePeriod": []}),
            "csChargingProfiles.chargingSchedule.chargingSchedulePeriod",
        ),
        (
            in_ocpp(chargingSchedule={"minChargingRate": 0.25}),
            "csChargingProfiles.chargingSchedule.minChargingRate",
        ),
    ],
)
def test_what_is_wrong_in_ocpps_words_is_named(api: APIClient, online, profile, field):
    body = {"connectorId": 1, "csChargingProfiles": profile}
    response = api.post("/api/admin/CP_001/set-charging-profile", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Command.objects.exists()


def test_a_profile_of_a_session_names_it(api: APIClient, online, answers: Answers):
    answers({"status": "Accepted"})
    transaction_id = charge(online, ends=False)
    body = {"profileId": named(purpose="TxProfile").pk, "connectorId": 1}
    shown = api.post(PATH, body, format="json").json()
    assert shown["sessionId"] == shown["sent"]["transactionId"] == transaction_id


@pytest.mark.parametrize("by_id", [True, False])
def test_a_remote_start_carries_a_profile(api: APIClient, online, answers: Answers, by_id):
    answers({"status": "Accepted"})
    given = (
        {"chargingProfileId": named(purpose="TxProfile").pk}
        if by_id
        else {"chargingProfile": in_ocpp("TxProfile")}
    )
    body = {"idTag": "RFID_001", "connectorId": 1, **given}
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "a"}
    for _ in range(2):
        response = api.post("/api/admin/CP_001/start-transaction", body, format="json", **key)
        assert (response.status_code, response.json()) == (200, {"status": "Accepted"})
    sent = Command.objects.get().payload["chargingProfile"]
    assert sent["chargingProfilePurpose"] == "TxProfile"
    (row,) = ProfileAssignment.objects.all()
    assert (row.sent, row.state) == (sent, "Accepted")
    transaction_id = charge(online, begins=NOW, ends=False)
    assert api.get(PATH).json()[0]["sessionId"] == transaction_id


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"chargingProfileId": 999}, "chargingProfileId"),
        ({"chargingProfileId": "one"}, "chargingProfileId"),
        ({"chargingProfileId": 2**62}, "chargingProfileId"),
        ({"chargingProfileId": 1, "chargingProfile": in_ocpp("TxProfile")}, "chargingProfileId"),
        ({"chargingProfile": in_ocpp()}, "chargingProfile.chargingProfilePurpose"),
    ],
)
def test_a_remote_starts_profile_that_is_wrong_is_named(api: APIClient, online, given, field):
    body = {"idTag": "RFID_001", **given}
    response = api.post("/api/admin/CP_001/start-transaction", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not Command.objects.exists()


def test_what_a_station_makes_of_its_profiles_is_kept(api: APIClient, online, answers: Answers):
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.87}],
    }
    answers(
        {
            "status": "Accepted",
            "connectorId": 1,
            "scheduleStart": "2026-03-01T12:00:00",
            "chargingSchedule": schedule,
        }
    )
    body = {"connectorId": 1, "duration": 3600}
    api.post("/api/admin/CP_001/get-composite-schedule", body, format="json")
    (shown,) = api.get("/api/stations/CP_001/composite-schedules").json()
    assert shown["chargingSchedule"] == schedule
    assert (shown["connectorId"], shown["duration"]) == (1, 3600)
    assert shown["scheduleStart"] == "2026-03-01T12:00:00Z"


def test_a_station_that_makes_nothing_of_them_says_so(api: APIClient, online, answers: Answers):
    answers({"status": "Rejected"})
    body = {"connectorId": 1, "duration": 3600}
    api.post("/api/admin/CP_001/get-composite-schedule", body, format="json")
    (shown,) = api.get("/api/stations/CP_001/composite-schedules").json()
    assert (shown["status"], shown["chargingSchedule"]) == ("Rejected", None)
