"""A site in detail: connectors in groups of one type, power and price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cms.accounts.models import SiteLimit, User
from cms.maps import filters, sites
from stations.models import Connector, Site
from tests.maps.given import NOON, a_driver, a_site, a_station, after, priced
from tests.stations.given import connector

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    """Two alternating current outlets, one of them taken, and a rapid one."""
    made = a_site("Harbour")
    a_station(
        made,
        "CP-1",
        ("Type 2", 22, "Available"),
        ("Type 2", 22, "Charging"),
        ("CCS2", 150, "Preparing"),
    )
    return made


def groups(site: Site, user: object = None, **said: object) -> list[sites.Group]:
    """How they are shown."""
    return sites.grouped(site.pk, filters.read(said), user, NOON).groups


def test_connectors_of_one_type_power_and_price_are_one_group(site):
    priced("everywhere", None, "0.50")
    fast, slow = groups(site)
    assert slow[:5] == ("Type 2", 22.0, Decimal("0.5"), "EUR", 1)
    assert fast[:5] == ("CCS2", 150.0, Decimal("0.5"), "EUR", 1)
    assert (slow.total, fast.total) == (2, 1)


def test_a_connector_with_a_price_of_its_own_is_in_a_group_of_its_own(site):
    priced("site", site, "0.50")
    own = Connector.objects.get(station__site=site, connector_id=2)
    priced("connector", own, "0.40")
    assert [(one.price, one.total) for one in groups(site, connectorTypes="Type 2")] == [
        (Decimal("0.4"), 1),
        (Decimal("0.5"), 1),
    ]


def test_one_price_written_in_two_ways_is_one_group(site):
    priced("site", site, "0.50")
    own = Connector.objects.get(station__site=site, connector_id=2)
    priced("connector", own, "0.5")
    assert len(groups(site, connectorTypes="Type 2")) == 1


def test_free_ones_are_named_in_order_with_their_stations(site):
    other = a_station(site, "CP-2", ("Type 2", 22, "Available"))
    [slow] = groups(site, connectorTypes="Type 2")
    first = Connector.objects.get(station__cp_id="CP-1", connector_id=1)
    assert slow.available_ids == sorted([first.pk, connector(other).pk])
    assert {(one.cp_id, one.number) for one in slow.free} == {("CP-1", 1), ("CP-2", 1)}
    assert (slow.available, slow.total) == (2, 3)


def test_a_group_with_nothing_free_names_none(site):
    Connector.objects.filter(station__site=site).update(status="Charging")
    assert [one.available_ids for one in groups(site)] == [[], []]
    assert groups(site, freeOnly=True) == []


def test_what_nobody_knows_is_no_price_and_no_power(site):
    Connector.objects.filter(station__site=site).update(max_power_w=None, connector_type="")
    [group] = groups(site)
    assert group[:4] == ("", None, None, None)
    assert groups(site, maxPrice=999) == []


def test_a_filter_may_leave_a_site_without_groups(site):
    details = sites.grouped(site.pk, filters.read({"minPower": 500}), None, NOON)
    assert (details.site, details.groups, details.total) == (site, [], 0)


def test_a_site_that_is_not_on_the_map_has_details_all_the_same():
    site = a_site("Nowhere", None)
    a_station(site, "CP", ("Type 2", 22, "Available"))
    assert len(groups(site)) == 1


def test_a_site_tells_whether_it_is_open(site):
    assert sites.grouped(site.pk, filters.EVERYTHING, None, NOON).is_open is None
    hours = {"always": False, "week": {"6": [["08:00", "13:00"]]}, "exceptions": []}
    Site.objects.filter(pk=site.pk).update(opening_hours=hours, time_zone="Europe/Berlin")
    assert sites.grouped(site.pk, filters.EVERYTHING, None, after(-60)).is_open is True
    assert sites.grouped(site.pk, filters.EVERYTHING, None, NOON).is_open is False


def test_a_site_that_is_not_there_or_not_theirs_is_none(site):
    other = a_site("Other")
    user = User.objects.create_user("operator")
    SiteLimit.objects.create(user=user, site=other)
    limited = User.objects.get(pk=user.pk)
    assert sites.grouped(site.pk, filters.EVERYTHING, limited, NOON) is None
    assert sites.grouped(other.pk, filters.EVERYTHING, limited, NOON) is not None
    assert sites.grouped(site.pk, filters.EVERYTHING, a_driver(), NOON) is not None
    gone, _ = other.pk, user.delete()
    other.delete()
    assert sites.grouped(gone, filters.EVERYTHING, None, NOON) is None


def test_a_site_takes_four_queries_whatever_stands_there(site, django_assert_num_queries):
    priced("site", site, "0.50")
    for number in range(20):
        a_station(site, f"MORE-{number}", *[("Type 2", 22, "Available")] * 3)
    with django_assert_num_queries(4):
        assert sum(group.total for group in groups(site)) == 63
