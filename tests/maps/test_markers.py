"""Markers: which sites are on the map, what is free there, for whom, and by how many queries."""

from __future__ import annotations

import pytest

from cms.accounts.models import SiteLimit, User
from cms.maps import filters, markers, table
from cms.maps.markers import Marker
from stations.models import ChargingStation, Connector, Registration, Site
from tests.maps.given import (
    BERLIN,
    FIJI,
    NOON,
    PARIS,
    a_driver,
    a_site,
    a_station,
    priced,
    status,
)

pytestmark = pytest.mark.django_db
AC, DC = ("Type 2", 22, "Available"), ("CCS2", 150, "Available")


@pytest.fixture
def two() -> tuple[Site, Site]:
    """As R001.16 has them: 22 kW for 0.25, and 150 kW for 0.60."""
    slow, fast = a_site("Slow"), a_site("Fast", PARIS)
    a_station(slow, "SLOW", AC)
    a_station(fast, "FAST", DC)
    priced("site", slow, "0.25")
    priced("site", fast, "0.60")
    return slow, fast


def found(user: object = None, **said: object) -> list[str]:
    """The names of the sites that suit."""
    return [one.name for one in markers.filtered(filters.read(said), user, NOON)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ["Slow", "Fast"]),
        ({"maxPower": 100}, ["Slow"]),
        ({"connectorTypes": "CCS2"}, ["Fast"]),
        ({"minPrice": 0.5}, ["Fast"]),
        ({"maxPrice": 0.25}, ["Slow"]),
        ({"minPower": 151}, []),
        ({"bbox": "13,52,14,53"}, ["Slow"]),
        ({"bbox": "2.35,48.85,2.35,48.85"}, ["Fast"]),
    ],
)
def test_the_filter_chooses(two, said, expected):
    assert found(**said) == expected


def test_a_marker_says_where_and_how_many():
    site = a_site("Harbour")
    outlets = [("Type 2", 22, said) for said in ("Available", "Preparing", "Charging")]
    a_station(site, "CP", *outlets)
    assert markers.filtered(filters.EVERYTHING, None, NOON) == [
        Marker(site.pk, "Harbour", *BERLIN, available=2, total=3)
    ]


@pytest.mark.parametrize("said", ["Reserved", "Faulted", "Finishing", "Unavailable", "Unknown"])
def test_what_nobody_could_begin_at_is_not_free(said):
    a_station(a_site("Harbour"), "CP", ("Type 2", 22, said))
    [marker] = markers.filtered(filters.EVERYTHING, None, NOON)
    assert (marker.available, marker.total) == (0, 1)


def test_nothing_is_free_at_a_station_that_is_away():
    station = a_station(a_site("Harbour"), "CP", AC)
    ChargingStation.objects.filter(pk=station.pk).update(online=False)
    [marker] = markers.filtered(filters.EVERYTHING, None, NOON)
    assert (marker.available, marker.total) == (0, 1)


def test_nothing_is_free_at_a_station_that_is_out_of_order_as_a_whole():
    station = a_station(a_site("Harbour"), "CP", AC)
    status(station, "Unavailable", connector=0)
    [marker] = markers.filtered(filters.EVERYTHING, None, NOON)
    assert (marker.available, marker.total) == (0, 1)


def test_a_site_with_nothing_free_is_left_out_where_only_free_ones_are_wanted():
    site = a_site("Harbour")
    a_station(site, "CP-1", ("Type 2", 22, "Charging"))
    assert found(freeOnly=True) == []
    a_station(site, "CP-2", AC)
    [marker] = markers.filtered(filters.read({"freeOnly": True}), None, NOON)
    assert (marker.available, marker.total) == (1, 2)


def test_what_is_nowhere_or_has_no_connector_has_no_marker():
    a_station(a_site("Nowhere", None), "CP-1", AC)
    a_site("Empty")
    assert found() == []


def test_a_station_the_system_does_not_serve_is_not_shown():
    station = a_station(a_site("Harbour"), "CP", AC)
    ChargingStation.objects.filter(pk=station.pk).update(registration=Registration.PENDING)
    assert found() == []


def test_a_box_across_the_antimeridian_finds_both_sides():
    a_station(a_site("Fiji", FIJI), "CP-1", AC)
    a_station(a_site("Samoa", (-13.8, -172)), "CP-2", AC)
    a_station(a_site("Berlin"), "CP-3", AC)
    assert found(bbox="170,-30,-170,0") == ["Fiji", "Samoa"]


def test_drivers_see_all_sites_and_who_is_limited_only_theirs(two):
    slow, fast = two
    operator = User.objects.create_user("operator", is_staff=True)
    SiteLimit.objects.create(user=operator, site=fast)
    assert found(a_driver()) == ["Slow", "Fast"]
    assert found(User.objects.get(pk=operator.pk)) == ["Fast"]
    assert slow.name not in found(User.objects.get(pk=operator.pk), bbox="13,52,14,53")


def test_a_map_has_a_most(monkeypatch, two):
    monkeypatch.setattr(table, "MOST_SITES", 1)
    seen = markers.seen(filters.EVERYTHING, None, NOON)
    assert seen.is_cut
    assert [one.name for one in markers.of_table(seen, filters.EVERYTHING)] == ["Slow"]


def test_two_thousand_sites_take_four_queries(django_assert_num_queries):
    sites = Site.objects.bulk_create(
        Site(name=f"S{number}", latitude=50, longitude=number / 100) for number in range(2000)
    )
    stations = ChargingStation.objects.bulk_create(
        ChargingStation(cp_id=f"MANY-{site.name}", site=site, online=True) for site in sites
    )
    Connector.objects.bulk_create(
        Connector(
            station=station,
            connector_id=number,
            status="Available",
            connector_type="CCS2",
            max_power_w=150_000,
        )
        for station in stations
        for number in range(1, 6)
    )
    priced("everywhere", None, "0.50")
    priced("site", sites[0], "0.70")
    with django_assert_num_queries(4):
        assert len(markers.filtered(filters.EVERYTHING, None, NOON)) == 2000
    with django_assert_num_queries(4):
        assert found(minPrice=0.6) == ["S0"]
