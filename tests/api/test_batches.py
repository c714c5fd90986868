"""Bulk commands over REST: shown first, asked for once by key, followed and retried."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from stations.models import CommandBatch, Site
from stations.services import batches, stations
from tests.api.conftest import NOW

RESET = {"action": "Reset", "payload": {"type": "Soft"}}


@pytest.fixture
def post(api: APIClient):
    def sent(path, body=None, key=""):
        headers = {"Idempotency-Key": key} if key else {}
        return api.post(f"/api/{path}", body or {}, format="json", headers=headers)

    return sent


@pytest.fixture
def away(db):
    return stations.create(cp_id="CP_AWAY")


def test_a_preview_says_who_would_be_asked_and_asks_nobody(post, online, away):
    stations.change(station=away, registration="Rejected")
    assert post("batches/preview", {**RESET, "all": True}).json() == {
        "stations": 2,
        "busy": 0,
        "away": 1,
        "asked": 1,
        "leftOut": [
            {"stationIdentifier": "CP_AWAY", "reason": "it is registered as Rejected"},
        ],
    }
    assert not CommandBatch.objects.exists()


@pytest.mark.parametrize("how", ["stations", "siteId", "all"])
def test_many_are_asked_and_the_batch_says_how_it_goes(api, post, online, how):
    site = Site.objects.create(name="North")
    stations.change(station=online, site=site)
    meant = {"stations": ["cp_001"], "siteId": site.pk, "all": True}[how]
    response = post("batches", {**RESET, how: meant})
    assert (response.status_code, response.json()["counts"]) == (202, {"Waiting": 1})
    batches.advance(at=NOW)
    shown = api.get(f"/api/batches/{response.json()['id']}").json()
    assert (shown["title"], shown["counts"]) == ("Reset Soft", {"Asked": 1})


def test_the_same_key_asks_once(post, online):
    first = post("batches", {**RESET, "all": True}, key="once").json()
    assert post("batches", {**RESET, "all": True}, key="once").json()["id"] == first["id"]
    other = {"action": "Reset", "payload": {"type": "Hard"}, "all": True}
    assert post("batches", other, key="once").status_code == 409
    assert CommandBatch.objects.count() == 1


def test_a_retry_with_the_same_key_is_one_batch(post, away):
    made = post("batches", {**RESET, "all": True}).json()
    batches.advance(at=NOW)
    first = post(f"batches/{made['id']}/retry", key="again").json()
    assert first["retryOf"] == made["id"]
    assert post(f"batches/{made['id']}/retry", key="again").json()["id"] == first["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"all": True}, "action"),
        ({"action": "Explode", "all": True}, "action"),
        (RESET, "stations"),
        ({**RESET, "all": True, "siteId": 1}, "siteId"),
        ({**RESET, "stations": ["NOBODY"]}, "stations"),
        ({"action": "Reset", "payload": {"type": "Loud"}, "all": True}, "payload.type"),
        ({"action": "Reset", "payload": [], "all": True}, "payload"),
    ],
)
def test_what_is_wrong_is_named(post, online, body, field):
    response = post("batches", body)
    assert response.status_code == 400
    assert field in response.json()["fields"]


def test_who_may_only_read_asks_nobody(reader, online):
    for path in ("batches", "batches/preview"):
        response = reader.post(f"/api/{path}", {**RESET, "all": True}, format="json")
        assert response.status_code == 403
