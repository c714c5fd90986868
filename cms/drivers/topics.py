"""What an app watches of maps: topics it asks for, and what it is told of them (docs/maps.md)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from channels.db import database_sync_to_async

from cms.accounts.tokens import Presented
from cms.drivers import envelope
from cms.drivers.envelope import INVALID_REQUEST, MISSING_PARAMETERS, NO_SITE, Incoming, Refused
from cms.drivers.leaving import person
from cms.maps import filters, following, shapes
from cms.maps.filters import Filter
from cms.maps.following import Watcher
from cms.maps.watching import MarkerWatch, SiteWatch, Whose
from cms.shared import clock, scoping
from cms.shared.errors import DomainError
from cms.shared.scoping import Limit
from stations.models import Site

if TYPE_CHECKING:
    from cms.drivers.requests import Driver

MARKERS = "markers"
MARKERS_UPDATE, SITE_UPDATE = "markers_update", "site_update"
_SITE = re.compile(r"site:([0-9]{1,18})")
_MOST = 20  # topics of one socket
Frame = Callable[[], str | None]  # as it is when it can be sent; None: nothing by now
Push = Callable[[tuple[str, int], Frame], None]


class Topics:
    """What one socket watches."""

    def __init__(self, push: Push) -> None:
        self.one_by_one = asyncio.Lock()  # what is asked for last counts
        self._push = push
        self._watches: dict[str, Watcher] = {}
        self._told = 0

    def has_room_for(self, topic: str) -> bool:
        """Whether there may be this one, too."""
        return topic in self._watches or len(self._watches) < _MOST

    def watch_markers(self, filter_: Filter, limit: Limit | None, user_id: int) -> None:
        """Markers by this filter, instead of by another one."""

        def ring() -> None:
            self._push((MARKERS_UPDATE, 0), lambda: self._markers(watch))

        watch = MarkerWatch(filter_, limit=limit, whose=Whose(user_id), ring=ring)
        self._begin(MARKERS, watch)

    def watch_site(self, site_id: int, filter_: Filter, limit: Limit | None, user_id: int) -> None:
        """A site by this filter, instead of by another one."""

        def ring() -> None:
            self._push((SITE_UPDATE, site_id), lambda: self._site(watch))

        watch = SiteWatch(site_id, filter_, limit=limit, whose=Whose(user_id), ring=ring)
        self._begin(f"site:{site_id}", watch)

    def end(self, topic: str) -> None:
        """Nothing of it any more."""
        watch = self._watches.pop(topic, None)
        if watch is not None:
            following.here().leave(watch)

    def end_all(self) -> None:
        """Nothing at all any more."""
        for topic in [*self._watches]:
            self.end(topic)

    def _begin(self, topic: str, watch: Watcher) -> None:
        self.end(topic)
        self._watches[topic] = watch
        following.here().join(watch)

    def _markers(self, watch: MarkerWatch) -> str | None:
        news = watch.news() if self._watches.get(MARKERS) is watch else None
        if news is None:
            return None
        data = {
            "topic": MARKERS,
            "complete": news.is_whole,
            "features": [shapes.written(marker) for marker in news.markers],
            "removed": news.gone,
        }
        return self._pushed(MARKERS_UPDATE, data)

    def _site(self, watch: SiteWatch) -> str | None:
        topic = f"site:{watch.site_id}"
        news = watch.news() if self._watches.get(topic) is watch else None
        if news is None:
            return None
        written = None if news.written is None else orjson.Fragment(news.written)
        data = {"topic": topic, "siteId": watch.site_id, "site": written}
        return self._pushed(SITE_UPDATE, data)

    def _pushed(self, kind: str, data: dict[str, Any]) -> str:
        self._told += 1
        return envelope.pushed(kind, f"map-{self._told}", data, clock.now())


async def subscribe(driver: Driver, asked: Incoming) -> None:
    """``subscribe``: answered, then told how it stands, and whenever that changes. Raises Refused.

    A topic that is watched already is watched by the new filter.
    """
    topic, site_id = _topic(asked)
    filter_ = _filter(asked, site_id)
    async with driver.topics.one_by_one:
        if not driver.topics.has_room_for(topic):
            raise Refused(INVALID_REQUEST, f"One app watches {_MOST} topics at most")
        limit = await database_sync_to_async(_limit)(driver.who, site_id)
        await _answered(driver, asked, topic)
        if site_id is None:
            driver.topics.watch_markers(filter_, limit, driver.who.user_id)
        else:
            driver.topics.watch_site(site_id, filter_, limit, driver.who.user_id)


async def unsubscribe(driver: Driver, asked: Incoming) -> None:
    """``unsubscribe``: nothing of the topic comes after the answer. Raises Refused."""
    topic, _ = _topic(asked)
    async with driver.topics.one_by_one:
        driver.topics.end(topic)
        await _answered(driver, asked, topic)


HANDLERS: dict[str, Callable[[Driver, Incoming], Awaitable[None]]] = {
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
}


async def _answered(driver: Driver, asked: Incoming, topic: str) -> None:
    data = {"success": True, "topic": topic}
    await driver.say(envelope.answer(asked, f"{asked.type}_response", data, clock.now()))


def _topic(asked: Incoming) -> tuple[str, int | None]:
    """What is asked for, and the number of the site where it is one."""
    topic = asked.data.get("topic")
    expected = "should be markers, or site: and the number of a site, such as site:3"
    if topic is None:
        raise Refused(MISSING_PARAMETERS, "No topic", topic=expected)
    found = _SITE.fullmatch(topic) if isinstance(topic, str) else None
    if found is None and topic != MARKERS:
        raise Refused(INVALID_REQUEST, "No such topic", topic=expected)
    return (MARKERS, None) if found is None else (f"site:{int(found[1])}", int(found[1]))


def _filter(asked: Incoming, site_id: int | None) -> Filter:
    said = asked.data.get("filter")
    if said is not None and not isinstance(said, dict):
        raise Refused(INVALID_REQUEST, "filter is no object", filter="should be an object")
    try:
        return filters.read(said or {}, of_site=site_id is not None)
    except DomainError as wrong:
        raise Refused(INVALID_REQUEST, wrong.message, **wrong.fields) from None


def _limit(who: Presented, site_id: int | None) -> Limit | None:
    """What they are limited to. Raises Refused for a site they cannot see, and where they left."""
    user = person(who)
    if site_id is not None:
        rows = scoping.visible(user, Site.objects.filter(pk=site_id))
        if not rows.exists():
            raise Refused(NO_SITE, f"There is no site {site_id}")
    return scoping.limit_of(user)
