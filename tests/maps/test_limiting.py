"""What watchers may see changes while they watch: limits, accounts that are shut, keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cms.accounts import keys, people
from cms.accounts.models import SiteLimit, User
from cms.maps import limiting
from cms.maps.filters import EVERYTHING
from cms.maps.watching import MarkerWatch, Whose
from stations.models import Site
from tests.maps.given import NOON, a_driver, a_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Site, Site]:
    """Sites."""
    return a_site("Berlin"), a_site("Paris")


def a_watch(user: User | None, key: Any = None) -> MarkerWatch:
    """Somebody who watched when nothing limited them."""
    whose = Whose(user.pk, key.pk if key else None) if user else None
    return MarkerWatch(EVERYTHING, limit=None, whose=whose, ring=lambda: None)


def seen(watch: MarkerWatch, sites: tuple[Site, Site]) -> list[str]:
    """The names of the sites they see after somebody looked."""
    limiting.look([watch], NOON)
    return [site.name for site in sites if watch.sees(site.pk)]


def a_key(user: User, *sites: Site) -> Any:
    """Valid for an hour."""
    later = NOON + timedelta(hours=1)
    return keys.create(
        name="map", user=user, scopes=["read"], at=NOON, expires_at=later, sites=sites
    )[0]


def test_who_is_limited_to_nothing_sees_all(two):
    assert seen(a_watch(a_driver()), two) == ["Berlin", "Paris"]
    assert seen(a_watch(None), two) == ["Berlin", "Paris"]


def test_who_is_limited_meanwhile_sees_their_site(two):
    ann = a_driver()
    SiteLimit.objects.create(user=ann, site=two[1])
    assert seen(a_watch(ann), two) == ["Paris"]


def test_who_left_sees_nothing(two):
    ann, bob = a_driver(), a_driver("bob")
    watches = [a_watch(ann), a_watch(bob)]
    people.deactivate(user=ann)
    bob.delete()
    assert [seen(watch, two) for watch in watches] == [[], []]


def test_a_key_sees_what_it_is_limited_to_by_now(two):
    user = a_driver()
    key, other = a_key(user), a_key(user)
    watches = [a_watch(user, key), a_watch(user, other)]
    SiteLimit.objects.create(key=key, site=two[0])
    assert [seen(watch, two) for watch in watches] == [["Berlin"], ["Berlin", "Paris"]]


def test_a_key_that_is_revoked_or_ran_out_sees_nothing(two):
    user = a_driver()
    key, late = a_key(user), a_key(user)
    keys.revoke(key, at=NOON)
    assert seen(a_watch(user, key), two) == []
    watch = a_watch(user, late)
    limiting.look([watch], NOON + timedelta(hours=2))
    assert not watch.sees(two[0].pk)


def test_many_people_cost_one_query_and_one_for_each_who_is_limited(two, django_assert_num_queries):
    drivers = [a_driver(f"driver-{number}") for number in range(10)]
    SiteLimit.objects.create(user=drivers[0], site=two[0])
    with django_assert_num_queries(2):
        limiting.look([a_watch(driver) for driver in drivers], NOON)
