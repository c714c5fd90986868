"""Who watches hears what changed where they look: all of it first, then only that, and in time."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from channels.db import database_sync_to_async

from cms.accounts.models import SiteLimit, User
from cms.live import hub
from cms.live.hub import RESYNC
from cms.maps import following
from cms.maps.board import Board
from cms.maps.following import Following
from cms.shared import scoping
from stations.models import ChargingStation, Site
from tests.maps.given import PARIS, a_driver, a_site, a_station
from tests.maps.watchers import NoHub, Phone, changed, now, played, quiet, rung

pytestmark = pytest.mark.django_db(transaction=True)
AC = ("Type 2", 22, "Available")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hub, and no waiting."""
    monkeypatch.setattr(following, "_PAUSE_S", 0)
    monkeypatch.setattr(hub, "here", NoHub)


@pytest.fixture
def berlin() -> ChargingStation:
    """A station in Berlin with one outlet."""
    return a_station(a_site("Berlin"), "CP-B", AC)


@pytest.fixture
def paris() -> ChargingStation:
    """And one in Paris."""
    return a_station(a_site("Paris", PARIS), "CP-P", AC)


def test_who_comes_is_told_everything_and_then_what_changed(berlin, paris):
    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        await changed(here, berlin, "Charging")
        assert phone.maps() == [
            (True, {"Berlin": 1, "Paris": 1}, []),
            (False, {"Berlin": 0}, []),
        ]

    played(story)


def test_nothing_is_told_where_nothing_changed(berlin):
    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        for _ in range(3):
            await changed(here, berlin, "Available")
        here.hear([(RESYNC, RESYNC)])
        await quiet(here)
        assert len(phone.told) == 1

    played(story)


def test_who_looks_at_one_part_hears_of_that_part_only(berlin, paris):
    async def story():
        here = Following()
        phone = Phone(here, bbox="2,48,3,49")
        await quiet(here)
        await changed(here, berlin, "Charging")
        await changed(here, paris, "Charging")
        assert phone.maps() == [(True, {"Paris": 1}, []), (False, {"Paris": 0}, [])]

    played(story)


def test_a_site_that_suits_no_more_is_gone(berlin, paris):
    async def story():
        here = Following()
        phone = Phone(here, freeOnly=True)
        await quiet(here)
        await changed(here, berlin, "Charging")
        await changed(here, berlin, "Available")
        assert phone.maps()[1:] == [
            (False, {}, [berlin.site_id]),
            (False, {"Berlin": 1}, []),
        ]

    played(story)


def test_who_watches_a_site_hears_of_it_only(berlin, paris):
    async def story():
        here = Following()
        phone = Phone(here, site=berlin.site_id)
        await quiet(here)
        await changed(here, paris, "Charging")
        await changed(here, berlin, "Charging")
        assert [shown.details.available for shown in phone.told] == [1, 0]
        assert [orjson.loads(shown.written)["id"] for shown in phone.told] == [berlin.site_id] * 2

    played(story)


def test_a_slow_app_is_told_what_differs_by_then(berlin, paris):
    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        phone.watch.ring = lambda: None  # it cannot be sent anything for a while
        await changed(here, berlin, "Charging")
        await changed(here, paris, "Charging")
        await changed(here, berlin, "Available")
        phone.ring()
        assert phone.maps()[1:] == [(False, {"Paris": 0}, [])]
        assert phone.watch.news() is None

    played(story)


def test_many_who_watch_are_one_look(berlin, paris, monkeypatch):
    looks: list[str] = []

    def count(name: str) -> None:
        real = getattr(Board, name)

        def counted(*args: Any) -> None:
            looks.append(name)
            real(*args)

        monkeypatch.setattr(Board, name, counted)

    count("look_at")
    count("look_at_all")

    async def story():
        here = Following()
        phones = [Phone(here, minPower=number % 3) for number in range(50)]
        await quiet(here)
        await database_sync_to_async(now)(berlin, "Charging")
        await database_sync_to_async(now)(paris, "Charging")
        here.hear(rung(berlin))
        here.hear(rung(paris))
        await quiet(here)
        assert looks == ["look_at_all", "look_at"]
        assert {len(phone.told) for phone in phones} == {2}
        assert all(phone.maps()[1][1] == {"Berlin": 0, "Paris": 0} for phone in phones)

    played(story)


def test_who_comes_later_is_told_without_a_wait_and_the_others_nothing(berlin, paris, monkeypatch):
    async def story():
        here = Following()
        first = Phone(here)
        await quiet(here)
        monkeypatch.setattr(following, "_PAUSE_S", 3600)
        await changed(here, berlin, "Available")
        second = Phone(here, connectorTypes="Type 2")
        await quiet(here)
        assert (len(first.told), second.maps()) == (1, [(True, {"Berlin": 1, "Paris": 1}, [])])

    played(story)


def test_what_rings_too_soon_is_told_after_the_pause(berlin, monkeypatch):
    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        monkeypatch.setattr(following, "_PAUSE_S", 0.5)
        here._due = time.monotonic() + 0.5
        await changed(here, berlin, "Charging")
        assert phone.maps()[1:] == [(False, {"Berlin": 0}, [])]

    played(story)


def test_a_limit_that_is_set_meanwhile_counts_from_the_next_whole_look(berlin, paris):
    async def story():
        here, user = Following(), await database_sync_to_async(a_driver)()
        phone = Phone(here, user)
        await quiet(here)
        await database_sync_to_async(limit_to)(user, paris)
        here.hear([(RESYNC, RESYNC)])
        await quiet(here)
        await changed(here, berlin, "Charging")
        assert phone.maps() == [
            (True, {"Berlin": 1, "Paris": 1}, []),
            (True, {"Paris": 1}, []),
        ]

    played(story)


def limit_to(user: User, station: ChargingStation) -> None:
    """They see this site only."""
    assert station.site is not None
    SiteLimit.objects.create(user=user, site=station.site)


def test_who_is_limited_hears_of_their_sites_only(berlin, paris):
    limit = scoping.Limit(1, frozenset({paris.site_id}))

    async def story():
        here = Following()
        phone, other = Phone(here), Phone(here, site=berlin.site_id)
        phone.watch.limited_to(limit)
        other.watch.limited_to(limit)
        await quiet(here)
        await changed(here, berlin, "Charging")
        assert phone.maps() == [(True, {"Paris": 1}, [])]
        assert [shown.written for shown in other.told] == [None]

    played(story)


def test_a_site_that_goes_is_told_to_be_gone(berlin):
    async def story():
        here = Following()
        phone, other = Phone(here), Phone(here, site=berlin.site_id)
        await quiet(here)
        number = berlin.site_id
        await database_sync_to_async(Site.objects.all().delete)()
        here.hear([("site:*", f"site:{number}")])
        await quiet(here)
        assert phone.maps()[1:] == [(False, {}, [number])]
        assert [shown.written is None for shown in other.told] == [False, True]

    played(story)


def test_when_all_are_gone_nothing_is_looked_at(berlin):
    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        here.leave(phone.watch)
        here.hear(rung(berlin))
        await quiet(here)
        assert (here.shows, here._board, len(phone.told)) == (frozenset(), None, 1)

    played(story)


def test_a_database_that_is_away_is_asked_again(berlin, monkeypatch):
    monkeypatch.setattr(following, "_AGAIN_S", 0)
    real = Board.look_at_all
    failed: list[int] = []

    def look_at_all(self, at):
        if not failed:
            failed.append(1)
            raise OSError("the database is away")
        real(self, at)

    monkeypatch.setattr(Board, "look_at_all", look_at_all)

    async def story():
        here = Following()
        phone = Phone(here)
        await quiet(here)
        assert phone.maps() == [(True, {"Berlin": 1}, [])]

    played(story)
