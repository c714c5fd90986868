"""Markers and sites over GraphQL: what the README asks for, and who may look."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.exceptions import Throttled

from cms.graphql.maps import looking
from cms.graphql.presented import SocketCaller
from cms.maps.api import Strangers
from stations.models import Connector, Site
from tests.graphql.asked import administrator, app_of, data, operator, program, refusal, stranger
from tests.graphql.documents import FILTERED_MARKERS, FILTERED_SITE
from tests.maps.given import BERLIN, PARIS, a_driver, a_site, a_station, priced

pytestmark = pytest.mark.django_db
README = {
    "connectorTypesSelected": ["Type 1", "Type 2", "Tesla", "CCS1", "CCS2", "CHAdeMO"],
    "minPrice": 0,
    "maxPrice": 100,
    "minPower": 0,
    "maxPower": 1000,
}


@pytest.fixture
def two() -> tuple[Site, Site]:
    """22 kW for 0.25 (one of three is free), and 150 kW for 0.60."""
    slow, fast = a_site("Slow", address="Street 1", city="Berlin"), a_site("Fast", PARIS)
    outlets = [("Type 2", 22, status) for status in ("Available", "Preparing", "Charging")]
    a_station(slow, "SLOW", *outlets)
    a_station(fast, "FAST", ("CCS2", 150, "Available"))
    priced("site", slow, "0.25")
    priced("site", fast, "0.60")
    return slow, fast


def test_the_readme_s_markers_say_where_and_how_many(two):
    slow, fast = two
    assert data(app_of(a_driver()), FILTERED_MARKERS, input=README) == [
        {
            "siteid": slow.pk,
            "location": {"type": "Point", "coordinates": [BERLIN[1], BERLIN[0]]},
            "available": 2,
            "total": 3,
        },
        {
            "siteid": fast.pk,
            "location": {"type": "Point", "coordinates": [PARIS[1], PARIS[0]]},
            "available": 1,
            "total": 1,
        },
    ]


@pytest.mark.parametrize(
    ("said", "place"),
    [({"maxPower": 100}, 0), ({"connectorTypesSelected": ["CCS2"]}, 1), ({"minPrice": 0.5}, 1)],
)
def test_the_filter_chooses(two, said, place):
    rows = data(app_of(a_driver()), FILTERED_MARKERS, input=said)
    assert [row["siteid"] for row in rows] == [two[place].pk]


def test_the_readme_s_site_comes_in_groups_with_the_connectors_that_are_free(two):
    slow, _ = two
    connectors = Connector.objects.filter(station__cp_id="SLOW").order_by("pk")
    free = list(connectors.values_list("pk", flat=True))[:2]
    assert data(app_of(a_driver()), FILTERED_SITE, input={**README, "siteId": slow.pk}) == [
        {
            "site_name": "Slow",
            "site_address": "Street 1, Berlin",
            "connector_type": "Type 2",
            "power": 22.0,
            "price": 0.25,
            "available": 2,
            "available_ids": free,
            "total": 3,
        }
    ]


def test_there_are_no_groups_of_a_site_that_is_not_there_or_has_nothing_that_suits(two):
    ann = app_of(a_driver())
    assert data(ann, FILTERED_SITE, input={**README, "siteId": two[1].pk + 1000}) == []
    assert data(ann, FILTERED_SITE, input={"maxPower": 1, "siteId": str(two[0].pk)}) == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"minPrice": -1}, "input.minPrice"),
        ({"minPower": 5, "maxPower": 4}, "input.minPower"),
        ({"connectorTypesSelected": ["x" * 31]}, "input.connectorTypesSelected"),
    ],
)
def test_a_filter_that_makes_no_sense_names_its_field(said, field):
    assert refusal(administrator(), FILTERED_MARKERS, input=said) == (
        "BAD_USER_INPUT",
        {field: ANY},
    )


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


ANY = _Any()


def test_a_value_of_another_kind_names_its_field():
    code, fields = refusal(administrator(), FILTERED_MARKERS, input={"minPrice": "cheap"})
    assert (code, list(fields)) == ("BAD_USER_INPUT", ["input.minPrice"])
    assert refusal(administrator("two"), FILTERED_SITE, input={"siteId": "x"}) == (
        "BAD_USER_INPUT",
        {"input.siteId": ["should be a whole number"]},
    )


def test_a_map_is_for_who_is_known_here_and_where_it_is_public_for_all(two, settings):
    assert refusal(stranger(), FILTERED_MARKERS, input={})[0] == "UNAUTHENTICATED"
    assert refusal(program("control"), FILTERED_MARKERS, input={})[0] == "FORBIDDEN"
    for caller in (app_of(a_driver()), administrator(), program("read", name="reader")):
        assert len(data(caller, FILTERED_MARKERS, input={})) == 2
    settings.MAPS_PUBLIC = True
    assert len(data(stranger(), FILTERED_MARKERS, input={})) == 2


def test_strangers_on_a_socket_look_no_more_often_than_over_http(two, settings, monkeypatch):
    settings.MAPS_PUBLIC = True
    cache.clear()
    monkeypatch.setattr(Strangers, "THROTTLE_RATES", {"maps": "2/min"})
    strangers = [SocketCaller(address=f"192.0.2.{number}") for number in (1, 2)]
    known = SocketCaller(user=a_driver("bob"), address="192.0.2.1")
    for caller in (*strangers, *strangers, known, known, known):
        looking(caller)
    with pytest.raises(Throttled):
        looking(strangers[0])


def test_who_is_limited_to_a_site_sees_that_one(two):
    slow, fast = two
    there = operator("view_site", site=fast)
    assert [row["siteid"] for row in data(there, FILTERED_MARKERS, input={})] == [fast.pk]
    assert data(there, FILTERED_SITE, input={"siteId": slow.pk}) == []
