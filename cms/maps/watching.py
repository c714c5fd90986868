"""Who watches a map, or a site, and what is new for them since they were told. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from cms.maps import markers
from cms.maps.board import MarkersView, OnMap, ShownSite, SiteView
from cms.maps.filters import Filter
from cms.maps.markers import Marker
from cms.shared.scoping import Limit

Ring = Callable[[], None]  # there is news: ask for it


class Whose(NamedTuple):
    """A person; or a key of theirs, which may be limited further."""

    user_id: int
    key_id: int | None = None


class MarkerNews(NamedTuple):
    """``is_whole``: these are all; else those that changed, and the sites that are gone."""

    is_whole: bool
    markers: list[Marker]
    gone: list[int]


class Watch(ABC):
    """What watchers of maps and of sites have in common: what they may see, and a bell.

    ``whose`` limit is looked up again from time to time; None: nobody known, it stays.
    """

    is_rung = False  # and has not asked for the news since

    def __init__(
        self, filter_: Filter, *, limit: Limit | None, whose: Whose | None, ring: Ring
    ) -> None:
        self.filter, self.whose = filter_, whose
        self._limit, self._ring = limit, ring

    def ring(self) -> None:
        """There is news; who reads slowly is rung once, and compared with once."""
        self.is_rung = True
        self._ring()

    def sees(self, site_id: int) -> bool:
        """Whether the site is one of those they are limited to, if any."""
        return self._limit is None or site_id in self._limit.site_ids

    def limited_to(self, limit: Limit | None) -> None:
        """They see these sites from now on."""
        if limit != self._limit:
            self._limit = limit
            self.forget()

    @abstractmethod
    def forget(self) -> None:
        """They are told everything again."""

    @abstractmethod
    def is_behind(self) -> bool:
        """Whether there is anything they were not told."""


class MarkerWatch(Watch):
    """Somebody who watches markers."""

    view: MarkersView | None = None  # none until the first look
    _told: OnMap | None = None

    def forget(self) -> None:
        """The next news is the whole map."""
        self._told = None

    def is_behind(self) -> bool:
        """Whether there is news."""
        if self.view is None:
            return False
        told, now = self._told, self.view.now
        if told is None or self._mine(self.view, told, now):
            return True
        self._told = now  # what differs is none of theirs: nobody keeps old maps for it
        return False

    def news(self) -> MarkerNews | None:
        """What they were not told yet, which they are with this; None where there is nothing."""
        self.is_rung = False
        if self.view is None:
            return None
        told, now = self._told, self.view.now
        self._told = now
        if told is None:
            return MarkerNews(True, [one for one in now.values() if self._is_mine(one)], [])
        numbers = sorted(self._mine(self.view, told, now))
        if not numbers:
            return None
        there = [number for number in numbers if number in now and self._is_mine(now[number])]
        gone = sorted({*numbers} - {*there})
        return MarkerNews(False, [now[number] for number in there], gone)

    def everything(self) -> list[Marker]:
        """All markers as they are now."""
        now = self.view.now if self.view else {}
        return [one for one in now.values() if self._is_mine(one)]

    def _mine(self, view: MarkersView, told: OnMap, now: OnMap) -> set[int]:
        """The sites that differ, and are or were among those they watch."""
        if told is now:
            return set()
        return {
            number
            for number in view.differ(told, now).near(self.filter.bbox)
            if any(self._is_mine(one[number]) for one in (told, now) if number in one)
        }

    def _is_mine(self, marker: Marker) -> bool:
        return self.sees(marker.site_id) and markers.is_inside(marker, self.filter)


class SiteWatch(Watch):
    """Somebody who watches a site."""

    view: SiteView | None = None
    _told: ShownSite | None = None

    def __init__(
        self,
        site_id: int,
        filter_: Filter,
        *,
        limit: Limit | None,
        whose: Whose | None,
        ring: Ring,
    ) -> None:
        super().__init__(filter_, limit=limit, whose=whose, ring=ring)
        self.site_id = site_id

    def forget(self) -> None:
        """The next news is how it stands, changed or not."""
        self._told = None

    def is_behind(self) -> bool:
        """Whether there is news."""
        return self.view is not None and self._now(self.view) is not self._told

    def news(self) -> ShownSite | None:
        """How it stands, where they were not told yet; of a site that is gone nothing is known."""
        self.is_rung = False
        if self.view is None or not self.is_behind():
            return None
        self._told = self._now(self.view)
        return self._told

    def _now(self, view: SiteView) -> ShownSite:
        return view.now if self.sees(self.site_id) else _GONE


_GONE = ShownSite()
