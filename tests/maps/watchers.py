"""Apps that watch maps in a test: rung by hand, and asking for the news at once."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.db import database_sync_to_async

from cms.accounts.models import User
from cms.maps import filters
from cms.maps.following import Following
from cms.maps.watching import MarkerWatch, SiteWatch, Whose
from stations.models import ChargingStation, Connector


class NoHub:
    """Nothing rings but what a test rings."""

    def watch(self, watcher: Any, shows: Any) -> None:
        watcher.shows = frozenset(shows)

    def forget(self, watcher: Any) -> None:
        watcher.shows = frozenset()


class Phone:
    """An app that asks for the news whenever it is rung."""

    def __init__(self, here: Following, user: User | None = None, **said: Any) -> None:
        self.told: list[Any] = []
        self.here = here
        site_id = said.pop("site", None)
        more: dict[str, Any] = {
            "limit": None,
            "whose": Whose(user.pk) if user else None,
            "ring": self.ring,
        }
        asked = filters.read(said)
        self.watch: Any = (
            MarkerWatch(asked, **more) if site_id is None else SiteWatch(site_id, asked, **more)
        )
        here.join(self.watch)

    def ring(self) -> None:
        self.told.append(self.watch.news())

    def maps(self) -> list[tuple[bool, dict[str, int], list[int]]]:
        """What was told of markers: whether all, how many are free where, what is gone."""
        return [
            (news.is_whole, {one.name: one.available for one in news.markers}, news.gone)
            for news in self.told
        ]


def now(station: ChargingStation, status: str) -> None:
    """Its outlet says so."""
    Connector.objects.filter(station=station).update(status=status)


def rung(*stations: ChargingStation) -> list[tuple[str, str]]:
    """What the hub passes on of them."""
    return [("station:*", f"station:{station.pk}") for station in stations]


async def changed(here: Following, station: ChargingStation, status: str) -> None:
    """The outlet says so, and it rings."""
    await database_sync_to_async(now)(station, status)
    here.hear(rung(station))
    await quiet(here)


async def quiet(here: Following) -> None:
    """Until it has nothing to look at any more."""
    while here._looking is not None:
        await asyncio.sleep(0.005)


def played(story: Any) -> None:
    """The story, which ends."""
    asyncio.run(asyncio.wait_for(story(), 60))
