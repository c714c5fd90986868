"""Maps over REST: GeoJSON, a site in groups, who may look, and what a wrong filter is told."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from cms.accounts import keys
from cms.accounts.models import ApiKey, SiteLimit, User
from cms.maps.api import Strangers
from stations.models import Site
from tests.api.conftest import caller
from tests.maps.given import BERLIN, NOON, PARIS, a_driver, a_site, a_station, priced
from tests.stations.given import connector

pytestmark = pytest.mark.django_db


@pytest.fixture
def harbour() -> Site:
    """A site with two of three outlets free."""
    site = a_site("Harbour", city="Berlin")
    outlets = [("Type 2", 22, said) for said in ("Available", "Preparing", "Charging")]
    a_station(site, "CP-1", *outlets)
    priced("everywhere", None, "0.50")
    return site


@pytest.fixture
def station(harbour: Site) -> Site:
    """Another one, with a rapid outlet."""
    site = a_site("Station", PARIS)
    a_station(site, "CP-2", ("CCS2", 150, "Available"))
    return site


@pytest.fixture
def app() -> APIClient:
    """The app of a driver who is logged in."""
    return logged_in(a_driver())


def logged_in(user: User) -> APIClient:
    """An app with their token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    return client


def names(answer) -> list[str]:
    """The sites on the map."""
    assert answer.status_code == 200, answer.json()
    return [one["properties"]["name"] for one in answer.json()["features"]]


def test_markers_are_geojson(app, harbour):
    assert app.get("/api/markers").json() == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": harbour.pk,
                "geometry": {"type": "Point", "coordinates": [BERLIN[1], BERLIN[0]]},
                "properties": {
                    "siteId": harbour.pk,
                    "name": "Harbour",
                    "available": 2,
                    "total": 3,
                },
            }
        ],
        "truncated": False,
    }


def test_a_site_has_its_connectors_in_groups(app, harbour):
    shown = app.get(f"/api/sites/{harbour.pk}").json()
    first = connector(harbour.stations.get(), 1).pk
    second = connector(harbour.stations.get(), 2).pk
    assert (shown["name"], shown["city"], shown["isOpen"]) == ("Harbour", "Berlin", None)
    assert (shown["available"], shown["total"]) == (2, 3)
    assert shown["groups"] == [
        {
            "connectorType": "Type 2",
            "powerKw": 22.0,
            "price": "0.50",
            "currency": "EUR",
            "available": 2,
            "availableIds": [first, second],
            "total": 3,
            "availableConnectors": [
                {"id": first, "chargePointId": "CP-1", "connectorId": 1},
                {"id": second, "chargePointId": "CP-1", "connectorId": 2},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", ["Harbour", "Station"]),
        ("connectorTypes=ccs2", ["Station"]),
        ("connectorTypes=ccs2&connectorTypes=Type+2", ["Harbour", "Station"]),
        ("minPower=50&maxPrice=0.5", ["Station"]),
        ("maxPrice=0.4", []),
        ("bbox=13,52,14,53&freeOnly=true", ["Harbour"]),
        ("minPrice=&bbox=", ["Harbour", "Station"]),
    ],
)
def test_an_address_says_what_is_looked_for(app, station, asked, expected):
    assert names(app.get(f"/api/markers?{asked}")) == expected


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=0,60,1,50", "bbox"),
        ("minPrice=2&maxPrice=1", "minPrice"),
        ("maxPower=NaN", "maxPower"),
        ("freeOnly=1", "freeOnly"),
        ("connector_types=CCS2", "connector_types"),
    ],
)
def test_a_wrong_filter_is_told_of_its_field(app, asked, field):
    answer = app.get(f"/api/markers?{asked}")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_a_box_is_for_many_sites(app, harbour):
    assert app.get(f"/api/sites/{harbour.pk}?bbox=1,2,3,4").status_code == 400


def test_a_site_that_is_not_there_is_not_found(app, harbour):
    answer = app.get(f"/api/sites/{harbour.pk + 1}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["markers", "sites/1"])
def test_a_stranger_is_refused(path):
    assert APIClient().get(f"/api/{path}").status_code == 401


def test_a_stranger_may_look_where_maps_are_public(settings, harbour):
    settings.MAPS_PUBLIC = True
    cache.clear()
    assert names(APIClient().get("/api/markers")) == ["Harbour"]
    assert APIClient().get(f"/api/sites/{harbour.pk}").status_code == 200


def test_a_stranger_may_not_look_all_the_time(settings, monkeypatch, app):
    settings.MAPS_PUBLIC = True
    cache.clear()
    monkeypatch.setattr(Strangers, "get_rate", lambda self: "2/min")
    stranger = APIClient(REMOTE_ADDR="203.0.113.7")
    statuses = [stranger.get("/api/markers").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert app.get("/api/markers").status_code == 200


def test_a_key_needs_to_read(harbour):
    user = a_driver("owner")
    assert names(caller(user, "read").get("/api/markers")) == ["Harbour"]
    assert caller(user, "control").get("/api/markers").status_code == 403


def test_who_is_limited_sees_their_sites_only(station, harbour):
    operator = User.objects.create_user("operator", is_staff=True)
    SiteLimit.objects.create(user=operator, site=harbour)
    client = logged_in(operator)
    assert names(client.get("/api/markers")) == ["Harbour"]
    assert client.get(f"/api/sites/{harbour.pk}").status_code == 200
    assert client.get(f"/api/sites/{station.pk}").status_code == 404


def test_a_key_may_be_limited_too(station, harbour):
    _, key = keys.create(
        name="kiosk", user=a_driver("owner"), scopes=["read"], at=NOON, sites=[station]
    )
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=key)
    assert ApiKey.objects.get().sites.get() == station
    assert names(client.get("/api/markers")) == ["Station"]
    assert client.get(f"/api/sites/{harbour.pk}").status_code == 404


def test_a_map_takes_six_queries(station, app, django_assert_num_queries):
    with django_assert_num_queries(6):  # whose token, what they are limited to, and four
        app.get("/api/markers")
    with django_assert_num_queries(6):
        app.get(f"/api/sites/{station.pk}")
