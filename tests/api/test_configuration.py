"""A station's configuration over REST: history, reading, differences, templates and batches."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from stations.models import Command, CommandBatch, ConfigurationTemplate, Site
from stations.services import batches, configuration, stations
from tests.api.conftest import NOW

WANTED = {"HeartbeatInterval": "300", "LocalPreAuthorize": "true"}


def tell(station, at=NOW, **settings):
    told = [configuration.Setting(key, value, False) for key, value in settings.items()]
    configuration.read(station_id=station.pk, settings=told, at=at)


@pytest.fixture
def template(db):
    return ConfigurationTemplate.objects.create(name="Street", vendor="acme", settings=WANTED)


@pytest.fixture
def post(api: APIClient):
    return lambda path, body=None: api.post(f"/api/{path}", body or {}, format="json")


def test_the_history_says_what_changed_newest_first(api, online):
    tell(online, HeartbeatInterval="60", Name="a")
    tell(online, HeartbeatInterval="90", Name="a")
    [change] = api.get("/api/stations/CP_001/configuration/history").json()
    assert (change["key"], change["oldValue"], change["newValue"]) == (
        "HeartbeatInterval",
        "60",
        "90",
    )
    assert (change["cause"], change["changedBy"]) == ("Read", None)


def test_reading_now_asks_the_station_and_says_how_it_goes(api, post, online):
    assert api.get("/api/stations/CP_001/configuration/read").json()["state"] == "Never"
    response = post("stations/CP_001/configuration/read")
    assert (response.status_code, response.json()["state"]) == (202, "Reading")
    assert Command.objects.get().action == "GetConfiguration"
    assert post("stations/CP_001/configuration/read").status_code == 409


def test_a_station_that_is_away_cannot_be_read_now(post, station):
    assert post("stations/CP_001/configuration/read").json()["code"] == "station_offline"


def test_who_may_only_read_cannot_have_it_read(reader, online):
    assert reader.post("/api/stations/CP_001/configuration/read").status_code == 403


def test_what_differs_from_the_template_of_its_model(api, online, template):
    tell(online, HeartbeatInterval="60", LocalPreAuthorize="true")
    found = api.get("/api/stations/CP_001/configuration/diff").json()
    assert (found["template"], found["inStep"]) == ("Street", False)
    assert found["settings"][0] == {
        "key": "HeartbeatInterval",
        "wanted": "300",
        "actual": "60",
        "verdict": "different",
    }


def test_without_a_template_there_is_nothing_to_compare(api, online):
    assert api.get("/api/stations/CP_001/configuration/diff").status_code == 404
    assert api.get("/api/stations/CP_001/configuration/diff?template=9").status_code == 404
    assert api.get("/api/stations/CP_001/configuration/diff?template=x").status_code == 400


def test_a_template_is_added_changed_and_forgotten(api, post):
    body = {"name": "T", "model": "One*", "settings": WANTED}
    made = post("configuration-templates", body)
    assert made.status_code == 201
    path = f"/api/configuration-templates/{made.json()['id']}"
    changed = api.patch(path, {"settings": {"A": "1"}}, format="json").json()
    assert (changed["settings"], changed["model"]) == ({"A": "1"}, "One*")
    assert post("configuration-templates", body).status_code in (400, 409)
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize("settings", [{}, {"K" * 51: "1"}, {"AuthorizationKey": "0"}, [], "x"])
def test_settings_that_cannot_be_are_named(post, db, settings):
    response = post("configuration-templates", {"name": "T", "settings": settings})
    assert response.status_code == 400
    assert "settings" in response.json()["fields"]


def test_a_preview_says_what_would_be_sent_and_sends_nothing(post, online, template):
    tell(online, HeartbeatInterval="60", LocalPreAuthorize="true")
    shown = post(f"configuration-templates/{template.pk}/preview", {"stations": ["cp_001"]})
    assert shown.json() == {"stations": 1, "inStep": 0, "away": 0, "commands": 1, "skipped": 0}
    assert not CommandBatch.objects.exists()


@pytest.mark.parametrize("how", ["stations", "siteId", "model"])
def test_a_template_is_applied_and_the_batch_says_how_it_goes(api, post, online, template, how):
    site = Site.objects.create(name="North")
    stations.change(station=online, site=site)
    meant = {"stations": ["CP_001"], "siteId": site.pk, "model": True}[how]
    response = post(f"configuration-templates/{template.pk}/apply", {how: meant})
    assert (response.status_code, response.json()["counts"]) == (202, {"Waiting": 2})
    path = f"/api/batches/{response.json()['id']}"
    batches.advance(at=NOW)
    assert api.get(path).json()["counts"] == {"Asked": 1, "Waiting": 1}
    assert [row["id"] for row in api.get("/api/batches").json()] == [response.json()["id"]]
    [asked] = api.get(f"{path}/items?state=Asked").json()
    assert asked["payload"] == {"key": "HeartbeatInterval", "value": "300"}
    assert api.get(f"/api/commands/{asked['commandId']}").status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"stations": []}, {"stations": ["NOBODY"]}, {"siteId": 1, "model": True}]
)
def test_whom_it_is_for_must_be_said(post, online, template, body):
    response = post(f"configuration-templates/{template.pk}/apply", body)
    assert response.status_code == 400
    assert response.json()["fields"]


def test_what_failed_is_asked_once_more(api, post, station, template):
    made = post(f"configuration-templates/{template.pk}/apply", {"model": True}).json()
    batches.advance(at=NOW)
    path = f"batches/{made['id']}"
    assert api.get(f"/api/{path}").json()["counts"] == {"Away": 2}
    again = post(f"{path}/retry").json()
    assert (again["retryOf"], again["counts"]) == (made["id"], {"Waiting": 2})
    assert post(f"{path}/retry").status_code == 409


def test_a_reboot_that_is_needed_is_told(api, online):
    configuration.changed(station_id=online.pk, key="A", value="1", at=NOW, reboot_required=True)
    assert api.get("/api/stations/CP_001/configuration/read").json()["rebootRequired"]
