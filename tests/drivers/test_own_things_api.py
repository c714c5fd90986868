"""A driver's cards and favourites over REST: their own, and nobody else's."""

from __future__ import annotations

import pytest

from rfid.models import CardStatus, RfidCard
from rfid.services import cards
from stations.models import Favourite, Site
from stations.services import favourites
from tests.drivers.conftest import logged_in
from tests.stations import given
from tests.stations.given import NOON

BERTH = {"name": "Harbour", "address": "Pier 1", "postal_code": "20457", "city": "Hamburg"}


@pytest.fixture
def harbour(db):
    return Site.objects.create(**BERTH)


@pytest.fixture
def station(harbour):
    return given.a_station("CP-1", site=harbour)


def test_a_driver_sees_their_own_cards_newest_first(app, ann, bob):
    given.a_card("ANN-2", user=ann, label="Fob")
    shown = app.get("/api/me/cards").json()
    assert [card["tagId"] for card in shown] == ["ANN-2", "ANN-1"]
    assert shown[0]["label"] == "Fob"


def test_a_long_list_comes_in_pages(app, ann):
    given.a_card("ANN-2", user=ann)
    first = app.get("/api/me/cards?limit=1")
    rest = app.get(first["Link"].partition(">")[0].lstrip("<"))
    assert [card["tagId"] for card in [*first.json(), *rest.json()]] == ["ANN-2", "ANN-1"]


def test_a_lost_card_is_blocked_with_who_said_so(app, ann):
    card = RfidCard.objects.get()
    answer = app.post(f"/api/me/cards/{card.pk}/lost")
    assert (answer.status_code, answer.json()["status"]) == (200, "Blocked")
    assert cards.authorize(id_tag="ANN-1", at=NOON).status == "Blocked"
    assert card.user == ann


def test_a_card_that_is_blocked_keeps_its_reason(app):
    card = cards.block(card=RfidCard.objects.get(), reason="unpaid")
    assert app.post(f"/api/me/cards/{card.pk}/lost").json()["statusReason"] == "unpaid"


def test_a_card_of_somebody_else_is_not_there(app, bob):
    card = RfidCard.objects.get(user=bob)
    assert app.post(f"/api/me/cards/{card.pk}/lost").status_code == 404
    card.refresh_from_db()
    assert card.status == CardStatus.ACTIVE


def test_a_site_is_marked_and_forgotten(app, harbour):
    marked = app.post("/api/me/favourites", {"siteId": harbour.pk})
    assert marked.status_code == 201
    assert marked.json()["address"] == "Pier 1, 20457 Hamburg"
    assert app.get("/api/me/favourites").json() == [marked.json()]
    assert app.delete(f"/api/me/favourites/{marked.json()['id']}").status_code == 204
    assert app.get("/api/me/favourites").json() == []


def test_a_station_is_marked_once_however_often_one_says_so(app, station):
    first, second = (
        app.post("/api/me/favourites", {"ocppIdentifier": "cp-1"}).json() for _ in range(2)
    )
    assert first == second
    assert (first["ocppIdentifier"], first["name"], first["siteId"]) == ("CP-1", "Harbour", None)


def test_favourites_of_somebody_else_are_not_there(app, bob, station):
    row = favourites.mark(user_id=bob.pk, at=NOON, station=station)
    assert app.get("/api/me/favourites").json() == []
    assert app.delete(f"/api/me/favourites/{row.pk}").status_code == 404
    assert Favourite.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "siteId"),
        ({"siteId": 1, "ocppIdentifier": "CP-1"}, "siteId"),
        ({"siteId": 987654321}, "siteId"),
        ({"ocppIdentifier": "NOWHERE"}, "ocppIdentifier"),
        ({"stationId": 1}, "stationId"),
    ],
)
def test_what_cannot_be_marked_is_said_of_its_field(app, station, said, field):
    answer = app.post("/api/me/favourites", said)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, [field])


def test_there_are_only_so_many_favourites(app, station, harbour, monkeypatch):
    monkeypatch.setattr(favourites, "MOST", 1)
    app.post("/api/me/favourites", {"siteId": harbour.pk})
    assert app.post("/api/me/favourites", {"ocppIdentifier": "CP-1"}).status_code == 409


def test_who_works_for_some_sites_marks_only_those(station, bob, harbour):
    bob.sites.set([Site.objects.create(name="South")])
    answer = logged_in(bob).post("/api/me/favourites", {"siteId": harbour.pk})
    assert answer.status_code == 400


def test_a_page_of_favourites_costs_the_same_however_many_there_are(
    app, ann, django_assert_num_queries
):
    for number in range(5):
        site = Site.objects.create(name=f"Site {number}")
        station = given.a_station(f"FAR-{number}", site=site)
        favourites.mark(user_id=ann.pk, at=NOON, station=station)
    with django_assert_num_queries(2):
        assert len(app.get("/api/me/favourites").json()) == 5
