"""Local lists over REST: the policy, the update somebody writes, and the one we work out."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from ocpp_gateway import validation
from rfid.models import CardGroup
from rfid.services import cards
from stations.models import Command, LocalList
from tests.api.conftest import Answers

SEND = "/api/admin/CP_001/send-local-list?wait=0"
ITEM = {"idTag": "A", "idTagInfo": {"status": "Accepted"}}


@pytest.fixture
def send(api: APIClient):
    return lambda body=None, more="": api.post(SEND + more, body or {}, format="json")


@pytest.fixture
def put(api: APIClient):
    return lambda body: api.put("/api/stations/CP_001/local-list", body, format="json")


def payload():
    found = Command.objects.latest("pk")
    assert validation.check_call(found.action, found.payload) == []
    return found.payload


def test_an_empty_body_sends_all_cards(send, online):
    cards.create(id_tag="CARD_1")
    assert send().status_code == 202
    item = {"idTag": "CARD_1", "idTagInfo": {"status": "Accepted"}}
    assert payload() == {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [item]}


@pytest.mark.parametrize(
    "body",
    [
        {"listVersion": 7, "updateType": "Full"},
        {"listVersion": 7, "updateType": "Differential", "localAuthorizationList": [ITEM]},
        {"listVersion": 7, "updateType": "Full", "localAuthorizationList": [ITEM]},
    ],
)
def test_a_whole_payload_is_sent_as_it_is(send, online, body):
    assert send(body).status_code == 202
    assert payload() == body


def test_a_list_without_a_version_gets_the_next(send, online):
    LocalList.objects.create(station=online, version=4, state="Known")
    send({"localAuthorizationList": [ITEM]})
    assert payload()["listVersion"] == 5


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"updateType": "Partly"}, "updateType"),
        ({"listVersion": 0, "updateType": "Full"}, "listVersion"),
        ({"listVersion": -1, "updateType": "Full"}, "listVersion"),
        ({"localAuthorizationList": [{"idTag": "x" * 21}]}, None),
        ({"x": 1}, None),
    ],
)
def test_what_is_wrong_is_named(send, online, body, field):
    response = send(body)
    assert response.status_code == 400
    assert field is None or field in response.json()["fields"]


def test_a_difference_to_the_unknown_is_a_conflict(send, online):
    assert send({"updateType": "Differential"}).status_code == 409


def test_the_same_word_sends_it_once(api, online):
    headers = {"HTTP_IDEMPOTENCY_KEY": "once"}
    numbers = {api.post(SEND, {}, format="json", **headers).json()["id"] for _ in range(2)}
    assert len(numbers) == 1


def test_what_the_station_takes_is_what_is_shown(api, send, online, answers: Answers):
    cards.create(id_tag="CARD_1")
    answers({"status": "Accepted"})
    response = api.post("/api/admin/CP_001/send-local-list", {}, format="json")
    assert response.json() == {"status": "Accepted"}
    shown = api.get("/api/stations/CP_001/local-list").json()
    assert (shown["version"], shown["state"], shown["size"]) == (1, "Known", 1)
    entries = api.get("/api/stations/CP_001/local-list/entries").json()
    assert entries == [
        {"idTag": "CARD_1", "status": "Accepted", "expiryDate": "", "parentIdTag": ""}
    ]
    assert api.get("/api/stations/CP_001/local-list/entries?after=card_1").json() == []
    [found] = api.get("/api/local-lists?tagId=card_1").json()
    assert found["stationIdentifier"] == "CP_001"
    assert api.get("/api/local-lists?tagId=CARD_2").json() == []


@pytest.mark.parametrize(("version", "state"), [(0, "Known"), (-1, "Unsupported"), (9, "Known")])
def test_the_version_is_handed_on_and_noted(api, online, answers: Answers, version, state):
    answers({"listVersion": version})
    path = "/api/admin/CP_001/get-local-list-version"
    assert api.post(path, {}, format="json").json() == {"listVersion": version}
    assert LocalList.objects.get().state == state


def test_a_station_without_a_list_says_so_in_its_own_words(api, online, answers: Answers):
    answers({"status": "NotSupported"})
    path = "/api/admin/CP_001/send-local-list"
    assert api.post(path, {}, format="json").json() == {"status": "NotSupported"}
    assert api.get("/api/stations/CP_001/local-list").json()["state"] == "Unsupported"


def test_the_policy_says_which_cards_it_shall_hold(api, put, station):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    cards.create(id_tag="VAN", group=group)
    cards.create(id_tag="OTHER")
    assert api.get("/api/stations/CP_001/local-list").json()["policy"] == "Off"
    chosen = put({"policy": "Groups", "groupIds": [group.pk]}).json()
    assert (chosen["wanted"], chosen["inStep"], chosen["groupIds"]) == (1, False, [group.pk])
    assert put({"policy": "All"}).json()["wanted"] == 2
    assert put({"policy": "Off"}).json()["wanted"] is None


def test_a_policy_nobody_knows_is_refused(put, station):
    assert put({"policy": "Some"}).status_code == 400
    assert put({"policy": "Groups", "groupIds": [99]}).status_code == 400
