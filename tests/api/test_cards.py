"""/api/rfid, with the names of the prior gateway."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from rfid.models import CardGroup, RfidCard
from rfid.services import cards
from stations.models import ChargingSession
from tests.api.conftest import NOW, charge

PRIOR = {"id", "tagId", "status", "validFrom", "validUntil", "userId", "createdAt", "updatedAt"}
CARD = {"tagId": "RFID_001", "status": "Active", "validUntil": "2026-12-31T23:59:59Z"}


def test_a_card_is_added_as_it_was_sent(api: APIClient):
    response = api.post("/api/rfid", CARD, format="json")
    assert response.status_code == 201
    assert response.json().keys() >= PRIOR
    assert {name: response.json()[name] for name in CARD} == CARD
    assert response.json()["userId"] is None
    assert api.get("/api/rfid/RFID_001").json() == response.json()
    assert api.get("/api/rfid").json() == [response.json()]


def test_a_card_belongs_to_a_user_and_a_group(api: APIClient, user):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    body = {**CARD, "label": "Van 3", "userId": user.pk, "groupId": group.pk}
    shown = api.post("/api/rfid", body, format="json").json()
    assert shown["label"] == "Van 3"
    assert shown["userId"] == user.pk
    assert shown["group"] == {"id": group.pk, "name": "Fleet", "parentIdTag": "FLEET"}


def test_a_tag_is_found_in_any_letter_case(api: APIClient):
    cards.create(id_tag="Tag_1")
    assert api.get("/api/rfid/tAG_1/").json()["tagId"] == "Tag_1"


@pytest.mark.parametrize("tag", ["A/B", "A B".replace(" ", "+"), "a.b", "#1", "50%"])
def test_a_tag_may_hold_any_printable_character(api: APIClient, tag):
    assert api.post("/api/rfid", {"tagId": tag}, format="json").status_code == 201
    path = tag.replace("%", "%25").replace("#", "%23").replace("/", "%2F")
    assert api.get(f"/api/rfid/{path}").json()["tagId"] == tag
    blocked = api.post(f"/api/rfid/{path}/block", {"reason": "lost"}, format="json")
    assert blocked.json()["status"] == "Blocked"


def test_a_second_card_with_the_same_tag_is_a_409(api: APIClient):
    cards.create(id_tag="RFID_001")
    response = api.post("/api/rfid", {"tagId": "rfid_001"}, format="json")
    assert response.status_code == 409
    assert list(response.json()["fields"]) == ["tagId"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tagId", "x" * 21),
        ("tagId", "with space"),
        ("tagId", ""),
        ("tagId", "ä"),
        ("status", "Lost"),
        ("validUntil", "soon"),
        ("validFrom", "0001-01-01T00:00:00+14:00"),
        ("userId", 999),
        ("groupId", "x"),
    ],
)
def test_a_bad_member_is_named(api: APIClient, field, value):
    response = api.post("/api/rfid", {**CARD, field: value}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert not RfidCard.objects.exists()


def test_a_card_is_not_valid_backwards(api: APIClient):
    body = {**CARD, "validFrom": "2027-01-01T00:00:00Z"}
    response = api.post("/api/rfid", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["validUntil"]


def test_a_change_leaves_alone_what_it_does_not_name(api: APIClient):
    api.post("/api/rfid", CARD, format="json")
    response = api.patch("/api/rfid/rfid_001", {"label": "Spare"}, format="json")
    assert response.status_code == 200
    assert response.json()["label"] == "Spare"
    assert response.json()["validUntil"] == CARD["validUntil"]


def test_what_was_read_can_be_written_back(api: APIClient):
    shown = api.post("/api/rfid", CARD, format="json").json()
    response = api.patch("/api/rfid/RFID_001", {**shown, "label": "Spare"}, format="json")
    assert response.status_code == 200


def test_the_tag_of_a_card_stays(api: APIClient):
    cards.create(id_tag="RFID_001")
    response = api.patch("/api/rfid/RFID_001", {"tagId": "RFID_002"}, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["tagId"]


def test_a_blocked_card_is_refused_and_an_activated_one_accepted(api: APIClient):
    cards.create(id_tag="RFID_001")
    blocked = api.post("/api/rfid/RFID_001/block", {"reason": "lost"}, format="json")
    assert blocked.status_code == 200
    assert (blocked.json()["status"], blocked.json()["statusReason"]) == ("Blocked", "lost")
    assert cards.authorize(id_tag="RFID_001", at=NOW).status == "Blocked"
    activated = api.post("/api/rfid/RFID_001/activate")
    assert (activated.json()["status"], activated.json()["statusReason"]) == ("Active", "")
    assert cards.authorize(id_tag="RFID_001", at=NOW).status == "Accepted"


def test_a_card_is_blocked_as_the_prior_gateway_s_apps_do_it(api: APIClient):
    cards.create(id_tag="RFID_001")
    blocked = api.post("/api/rfid/RFID_001/block").json()
    assert (blocked["status"], blocked["statusReason"]) == ("Blocked", "No reason was given")


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": "  "}, {"reason": None}])
def test_a_card_is_not_blocked_for_an_empty_reason(api: APIClient, body):
    cards.create(id_tag="RFID_001")
    refused = api.post("/api/rfid/RFID_001/block", body, format="json")
    assert (refused.status_code, [*refused.json()["fields"]]) == (400, ["reason"])
    assert cards.authorize(id_tag="RFID_001", at=NOW).status == "Accepted"


def test_a_forgotten_card_is_invalid_and_its_sessions_keep_the_tag(api: APIClient, station):
    cards.create(id_tag="RFID_001")
    charge(station)
    assert api.delete("/api/rfid/RFID_001").status_code == 204
    assert cards.authorize(id_tag="RFID_001", at=NOW).status == "Invalid"
    assert ChargingSession.objects.get().id_tag == "RFID_001"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "NOBODY"),
        ("patch", "NOBODY"),
        ("delete", "NOBODY"),
        ("post", "NOBODY/block"),
        ("post", "NOBODY/activate"),
    ],
)
def test_an_unknown_card_is_a_404(api: APIClient, method, path):
    response = getattr(api, method)(f"/api/rfid/{path}", {}, format="json")
    assert response.status_code == 404
    assert response.json() == {"code": "not_found", "error": "Card not found"}


def test_cards_are_filtered(api: APIClient):
    cards.create(id_tag="RFID_001")
    cards.create(id_tag="RFID_002", status="Blocked")
    assert [c["tagId"] for c in api.get("/api/rfid?status=Blocked").json()] == ["RFID_002"]
    assert [c["tagId"] for c in api.get("/api/rfid?tagId=rfid_001").json()] == ["RFID_001"]
    assert api.get("/api/rfid?status=Lost").status_code == 400
