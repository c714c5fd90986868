"""The map of sites: each with its worst state, shown to whom may see it, asking no other host."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.accounts.models import SiteLimit
from stations.admin import site_map
from stations.models import ChargingStation, Connector, Site
from tests.admin.dialogs import HTMX

HAMBURG = {"latitude": "53.5438", "longitude": "9.9956"}


@pytest.fixture
def site(db):
    return Site.objects.create(name="Harbour", city="Hamburg", **HAMBURG)


def station_at(site, cp_id, *statuses, **fields):
    seen = {"online": True, "last_seen_at": timezone.now()}
    station = ChargingStation.objects.create(cp_id=cp_id, site=site, **{**seen, **fields})
    for number, status in enumerate(statuses, 1):
        Connector.objects.create(station=station, connector_id=number, status=status)
    return station


def told(client):
    answer = client.get(reverse("admin:stations_site_map"))
    assert answer.status_code == 200
    return {feature["properties"]["name"]: feature for feature in answer.json()["features"]}


def states(feature):
    return [(key, number) for key, _, _, number in feature["properties"]["states"]]


def test_a_site_stands_where_it_is_east_first(root, site):
    point = told(root)["Harbour"]["geometry"]
    assert point == {"type": "Point", "coordinates": [9.9956, 53.5438]}


def test_a_site_without_a_place_is_told_of_all_the_same(root, db):
    Site.objects.create(name="Somewhere", latitude="1.5")
    assert told(root)["Somewhere"]["geometry"] is None


def test_the_worst_state_gives_a_site_its_colour(root, site):
    station_at(site, "A", "Available", "Charging")
    assert told(root)["Harbour"]["properties"]["word"] == "Charging"
    station_at(site, "B", "Available", registration="Pending")
    assert told(root)["Harbour"]["properties"]["word"] == "Waits to be accepted"
    station_at(site, "C", "Charging", online=False)
    assert told(root)["Harbour"]["properties"]["word"] == "Offline"
    station_at(site, "D", "Charging", "Faulted")
    shown = told(root)["Harbour"]
    assert (shown["properties"]["word"], shown["properties"]["tone"]) == ("Faulted", "red")


def test_each_station_counts_once(root, site):
    station_at(site, "A", "Faulted", "Faulted", "Charging")
    station_at(site, "B", "Faulted", online=False)
    station_at(site, "C", "SuspendedEV")
    station_at(site, "D", "Unavailable")
    station_at(site, "E")
    shown = told(root)["Harbour"]
    assert states(shown) == [("faulted", 1), ("offline", 1), ("charging", 1), ("ready", 2)]
    assert shown["properties"]["size"] == "5 stations"


def test_a_site_without_stations_says_so(root, site):
    shown = told(root)["Harbour"]["properties"]
    assert (shown["word"], shown["size"], shown["states"]) == ("No station", "0 stations", [])


def test_a_hundred_sites_cost_as_many_queries_as_one(root, site):
    station_at(site, "A", "Charging")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            told(root)
        return len(asked)

    one = queries()
    for number in range(100):
        station_at(Site.objects.create(name=f"S{number}", **HAMBURG), f"S{number}", "Faulted")
    assert queries() == one <= 4


@pytest.mark.parametrize("lacking", ["stations.view_site", "stations.view_chargingstation"])
def test_who_may_not_see_sites_and_stations_gets_no_map(client_with, site, lacking):
    both = {"stations.view_site", "stations.view_chargingstation"}
    somebody = client_with(*(both - {lacking}))
    assert somebody.get(reverse("admin:stations_site_map")).status_code == 403
    assert "data-site-map" not in somebody.get(reverse("admin:index")).content.decode()


def test_the_home_page_has_a_map_and_a_table_that_says_the_same(client_with, site):
    station_at(site, "A")
    somebody = client_with("stations.view_site", "stations.view_chargingstation")
    shown = somebody.get(reverse("admin:index")).content.decode()
    assert f'data-site-map="{reverse("admin:stations_site_map")}"' in shown
    assert "Show as table" in shown
    assert 'data-shows="station:*"' in shown


def test_nobody_is_asked_for_tiles_unless_some_are_set(root, site):
    station_at(site, "A")
    assert 'data-tiles=""' in root.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("url", "by"),
    [
        ("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap contributors"),
        ("https://{s}.tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap contributors"),
        ("https://{s}.tiles.example.com/{z}/{x}/{y}.png?key=1", "tiles.example.com"),
        ("http://10.0.0.8:8080/{z}/{x}/{y}.png", "10.0.0.8"),
    ],
)
def test_tiles_name_whom_they_are_from(settings, url, by):
    settings.MAP_TILE_URL = url
    assert site_map.frame()["tiles_by"] == by


def test_who_is_limited_to_a_site_sees_that_one_and_reserves_nowhere_else(client_with, site):
    elsewhere = Site.objects.create(name="Elsewhere")
    station_at(elsewhere, "AWAY", "Available", connection_id="socket")
    rights = ("view_site", "view_chargingstation", "view_reservation", "add_reservation")
    limited = client_with(*(f"stations.{right}" for right in rights))
    SiteLimit.objects.create(user_id=limited.session["_auth_user_id"], site=site)
    assert list(told(limited)) == ["Harbour"]
    assert limited.get(reverse("admin:stations_site_live", args=[elsewhere.pk])).status_code == 404
    asked = {"token": uuid.uuid4(), "station": "AWAY", "connector_id": 1, "id_tag": "A"}
    path = reverse("admin:stations_reservation_reserve")
    answer = limited.post(path, {**asked, "minutes": 5}, **HTMX)
    assert "There is no station with this identity." in answer.content.decode()
