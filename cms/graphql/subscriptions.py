"""``markerUpdated`` and ``siteUpdated``: the whole filtered list, whenever something of it changed.

What is looked at, how often, and for whom at once is a matter of cms/maps/following.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, TypeVar

import strawberry
from channels.db import database_sync_to_async
from strawberry.types import Info

from cms.graphql.maps import (
    InputFilterMarkersDto,
    InputFilterSiteDto,
    MarkerType,
    SiteGroup,
    filter_of,
    looking,
    marker_type,
    site_groups,
)
from cms.graphql.numbers import number
from cms.graphql.presented import SocketCaller, ends_at
from cms.maps import following
from cms.maps.filters import EVERYTHING
from cms.maps.following import Watcher
from cms.maps.watching import MarkerWatch, SiteWatch, Whose
from cms.shared import clock, scoping

Row = TypeVar("Row")
_FIRST_LOOK_S = 5.0
_REST_S = 0.001  # for each row that was told: writing a long list keeps all sockets waiting


@strawberry.type
class Subscription:
    """What sockets hear of."""

    @strawberry.subscription
    async def marker_updated(
        self, info: Info[SocketCaller, None], input: InputFilterMarkersDto
    ) -> AsyncGenerator[list[MarkerType], None]:
        """The markers of ``getFilteredMarkers``, once a second at most."""
        caller, rang = await _looking(info.context), asyncio.Event()
        watch = MarkerWatch(filter_of(input), ring=rang.set, **await _limits(caller))
        return _told(
            watch, rang, caller, lambda _: [marker_type(one) for one in watch.everything()]
        )

    @strawberry.subscription
    async def site_updated(
        self, info: Info[SocketCaller, None], input: InputFilterSiteDto
    ) -> AsyncGenerator[list[SiteGroup], None]:
        """The groups of ``getFilteredSite``, once a second at most; none when it is gone."""
        caller, rang = await _looking(info.context), asyncio.Event()
        site_id, filter_ = number(input.site_id, "input.siteId"), filter_of(input)
        watch = SiteWatch(site_id, filter_, ring=rang.set, **await _limits(caller))
        return _told(watch, rang, caller, lambda news: site_groups(news.details))


async def kept_up() -> Watcher:
    """Have the map looked at from now on, until this leaves ``following``.

    Then who subscribes hears of all that changes from that moment on: what they are compared with
    is known already, and not read while the first change is on its way.
    """
    seen = asyncio.Event()

    def ring() -> None:
        watch.news()
        seen.set()

    watch = MarkerWatch(EVERYTHING, limit=None, whose=None, ring=ring)
    following.here().join(watch)
    with suppress(TimeoutError):
        await asyncio.wait_for(seen.wait(), _FIRST_LOOK_S)
    return watch


async def _told(
    watch: Watcher, rang: asyncio.Event, caller: SocketCaller, shown: Callable[[Any], list[Row]]
) -> AsyncGenerator[list[Row], None]:
    """What is ``shown`` of news, each time; not of the first, which the app asks for itself."""
    following.here().join(watch)
    is_new = True
    try:
        while (left := (ends_at(caller) - clock.now()).total_seconds()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(rang.wait(), left)
            rang.clear()
            news = watch.news()
            if news is not None and not is_new:
                told = shown(news)
                yield told
                await asyncio.sleep(len(told) * _REST_S)
            is_new = is_new and news is None
    finally:
        following.here().leave(watch)


@database_sync_to_async
def _looking(caller: SocketCaller) -> SocketCaller:
    looking(caller)
    return caller


@database_sync_to_async
def _limits(caller: SocketCaller) -> dict[str, Any]:
    """The sites they are limited to, and who they are, by which that is looked up again."""
    key_id = caller.auth.pk if caller.is_program else None
    return {
        "limit": scoping.limit_of(caller.user),
        "whose": Whose(caller.user.pk, key_id) if caller.user.is_authenticated else None,
    }
