"""The review queue over REST: seen, filtered, and settled once with who and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from cms.accounts.models import User
from rfid.models import CardGroup, RfidCard
from stations.models import ChargingSession, ChargingStation, ReviewCase
from stations.services import sessions, strangers
from stations.services.strangers import Refusal
from tests.api.conftest import NOW, charge

WHY = {"why": "the driver said so"}


@pytest.fixture
def orphan(station: ChargingStation) -> ReviewCase:
    """A stop of 9 kWh that nobody began."""
    stop = sessions.Stop(4711, NOW + timedelta(hours=1), 10_000, id_tag="RFID_001")
    sessions.end(station_id=station.pk, stop=stop, at=NOW)
    return ReviewCase.objects.get()


@pytest.fixture
def tapped(station: ChargingStation) -> ReviewCase:
    """A card nobody knows."""
    sessions.authorize(station_id=station.pk, id_tag="NOBODY", at=NOW)
    return ReviewCase.objects.get(kind="UnknownCard")


@pytest.fixture
def refused(db: None) -> ReviewCase:
    """A station that was turned away."""
    refusal = Refusal("NEW", "this station is not known here", "10.0.0.7", 404)
    strangers.refused(refusals=[refusal], at=NOW)
    return ReviewCase.objects.get(kind="RejectedConnection")


def settle(client: APIClient, case: ReviewCase, way: str, **body: object) -> tuple[int, dict]:
    """Status and body of the answer to a decision."""
    said = {**WHY, **body}
    response = client.post(f"/api/review-cases/{case.pk}/{way}", said, format="json")
    return response.status_code, response.json()


def test_a_case_says_what_happened_and_how_it_may_be_settled(api, orphan):
    [row] = api.get("/api/review-cases").json()
    assert row == api.get(f"/api/review-cases/{orphan.pk}").json()
    assert (row["kind"], row["state"], row["reason"]) == ("OrphanedStop", "Open", "NoStart")
    assert row["ways"] == ["attach", "accept", "discard"]
    assert (row["stationIdentifier"], row["sessionId"]) == ("CP_001", orphan.session_id)
    assert (row["timesSeen"], row["settledAt"], row["resolution"]) == (1, None, "")


def test_cases_are_filtered(api, orphan, tapped, refused):
    def found(query: str) -> set[str]:
        return {row["kind"] for row in api.get(f"/api/review-cases?{query}").json()}

    assert found("") == {"OrphanedStop", "UnknownCard", "RejectedConnection"}
    assert found("kind=UnknownCard") == {"UnknownCard"}
    assert found("station=cp_001") == {"OrphanedStop", "UnknownCard"}
    assert found(f"sessionId={orphan.session_id}") == {"OrphanedStop"}
    assert found("idTag=nobody") == {"UnknownCard"}
    assert found("state=Settled") == set()
    assert found("seenAfter=2030-01-01T00:00:00Z") == set()
    assert api.get("/api/review-cases?kind=Nonsense").status_code == 400


def test_an_orphan_is_attached(api, orphan, station):
    number = charge(station, ends=False)
    status, body = settle(api, orphan, "attach", sessionId=number)
    assert status == 200
    assert (body["state"], body["resolution"], body["settledBy"]) == ("Settled", "Attached", "ada")
    assert (body["why"], body["ways"]) == (WHY["why"], [])
    assert body["changes"][f"session {number}"]["status"] == ["Active", "Completed"]
    session = api.get(f"/api/sessions/{number}").json()
    assert (session["energyKwh"], session["needsReview"], session["billable"]) == (9.0, False, True)
    assert api.get(f"/api/sessions/{orphan.session_id}").json()["billable"] is False


def test_the_energy_of_an_orphan_is_accepted(api, orphan):
    assert settle(api, orphan, "accept")[0] == 400
    status, body = settle(api, orphan, "accept", energyWh=7500, startedAt="2026-03-01T11:00:00Z")
    assert (status, body["resolution"]) == (200, "EnergyAccepted")
    session = ChargingSession.objects.get()
    assert (session.energy_wh, session.started_at) == (7500, NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"energyWh": -1}, "energyWh"),
        ({"energyWh": 10**12}, "energyWh"),
        ({"energyWh": "much"}, "energyWh"),
        ({"energyWh": 1, "startedAt": "yesterday"}, "startedAt"),
        ({"energyWh": 1, "startedAt": "2030-01-01T00:00:00Z"}, "startedAt"),
        ({"energyWh": 1, "stoppedAt": "2026-01-01T00:00:00Z"}, "stoppedAt"),
        ({"energyWh": 1, "why": " "}, "why"),
        ({"energyWh": 1, "price": 3}, "price"),
    ],
)
def test_a_wrong_decision_names_the_field_and_changes_nothing(api, orphan, body, field):
    status, said = settle(api, orphan, "accept", **body)
    assert (status, list(said["fields"])) == (400, [field])
    assert api.get(f"/api/review-cases/{orphan.pk}").json()["state"] == "Open"


def test_who_comes_second_is_told_who_was_first(api, orphan):
    assert settle(api, orphan, "discard")[0] == 200
    status, said = settle(api, orphan, "accept", energyWh=1)
    assert (status, said["code"]) == (409, "conflict")
    assert "ada settled it already" in said["error"]
    assert ChargingSession.objects.get().billable is False


def test_a_way_that_does_not_fit_is_a_conflict_that_names_those_that_do(api, tapped):
    status, said = settle(api, tapped, "accept", energyWh=1)
    assert status == 409
    assert "adopt_card, discard" in said["error"]


def test_a_card_is_adopted(api, tapped, user):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    body = {"label": "Van 7", "groupId": group.pk, "userId": user.pk}
    assert settle(api, tapped, "adopt-card", **body)[0] == 200
    card = RfidCard.objects.get()
    assert (card.id_tag, card.label, card.group, card.user) == ("NOBODY", "Van 7", group, user)


def test_a_station_is_adopted_and_its_key_is_shown_once(api, refused):
    status, body = settle(api, refused, "adopt-station", name="Yard", makeKey=True)
    assert status == 200
    assert len(body["authorizationKey"]) == 40
    assert "authorizationKey" not in api.get(f"/api/review-cases/{refused.pk}").json()
    assert api.get("/api/stations/NEW").json()["hasAuthorizationKey"] is True


def test_a_station_is_adopted_without_a_key(api, refused):
    status, body = settle(api, refused, "adopt-station")
    assert status == 200
    assert "authorizationKey" not in body
    assert api.get("/api/stations/NEW").json()["registration"] == "Accepted"


def test_a_case_nobody_knows_is_a_404(api, db):
    assert api.get("/api/review-cases/999").status_code == 404
    response = api.post("/api/review-cases/999/discard", WHY, format="json")
    assert response.status_code == 404


def test_a_key_that_only_reads_settles_nothing(reader, orphan):
    assert reader.get("/api/review-cases").status_code == 200
    assert settle(reader, orphan, "discard")[0] == 403


def a_person(*permissions: str) -> APIClient:
    """Staff with these permissions, logged in."""
    person = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = APIClient()
    client.force_authenticate(person)
    return client


def test_people_need_the_permission_to_settle_and_to_add_what_they_adopt(orphan, tapped, refused):
    assert settle(a_person("view_reviewcase"), orphan, "discard")[0] == 403
    settles = a_person("view_reviewcase", "settle_reviewcase")
    assert settle(settles, tapped, "adopt-card")[0] == 403
    assert settle(settles, refused, "adopt-station")[0] == 403
    assert settle(settles, orphan, "discard")[0] == 200
    assert settle(a_person("settle_reviewcase", "add_rfidcard"), tapped, "adopt-card")[0] == 200
