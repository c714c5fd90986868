"""How the network stands for everybody who watches maps: looked at once, counted once a filter.

Used by one thread at a time; who watches reads what a view shows ``now``, which is replaced and
never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from cms.maps import markers, shapes, sites, table
from cms.maps.differing import Difference
from cms.maps.filters import Filter
from cms.maps.markers import Marker
from cms.maps.sites import SiteDetails
from cms.maps.table import Outlets, Table

_NOTHING = Table({}, {})
_MOST_PAIRS = 8  # of maps that are compared
OnMap = dict[int, Marker]  # by the number of the site


class ShownSite(NamedTuple):
    """A site, and as REST would write it; both None where there is none."""

    details: SiteDetails | None = None
    written: bytes | None = None


class MarkersView:
    """The markers of one filter, of the whole map."""

    def __init__(self, filter_: Filter) -> None:
        self._filter = filter_
        self.now: OnMap = {}
        self._differ: dict[tuple[int, int], tuple[OnMap, OnMap, Difference]] = {}

    def renew(self, known: Table, site_ids: Iterable[int]) -> None:
        """Count these sites anew."""
        now = dict(self.now)
        for site_id in site_ids:
            site = known.sites.get(site_id)
            marker = markers.of_site(known, site, self._filter) if site else None
            if marker is None:
                now.pop(site_id, None)
            else:
                now[site_id] = marker
        if now != self.now:
            self.now = now

    def differ(self, told: OnMap, now: OnMap) -> Difference:
        """What differs between two of its maps; worked out once for all who were told.

        Asked for by the event loop only.
        """
        key = (id(told), id(now))  # both are kept here, so no other map gets their numbers
        if key not in self._differ:
            if len(self._differ) >= _MOST_PAIRS:
                self._differ.clear()
            self._differ[key] = (told, now, Difference(told, now))
        return self._differ[key][2]


class SiteView:
    """One site by one filter."""

    def __init__(self, site_id: int, filter_: Filter) -> None:
        self._site_id, self._filter = site_id, filter_
        self.now = ShownSite()

    def renew(self, known: Table, at: datetime) -> None:
        """Look at it anew."""
        details = sites.of_table(known, self._site_id, self._filter, at)
        written = orjson.dumps(shapes.site(details)) if details else None
        if written != self.now.written:
            self.now = ShownSite(details, written)


class Board:
    """The table, and what is seen of it."""

    def __init__(self) -> None:
        self._table = _NOTHING
        self._sites_of: dict[int, set[int]] = {}  # by station
        self._maps: dict[Filter, MarkersView] = {}
        self._sites: dict[tuple[int, Filter], SiteView] = {}

    def markers(self, filter_: Filter) -> MarkersView:
        """The view of a filter, whose box is the watcher's own matter."""
        key = replace(filter_, bbox=None)
        if key not in self._maps:
            view = self._maps[key] = MarkersView(key)
            view.renew(self._table, self._table.sites)
        return self._maps[key]

    def site(self, site_id: int, filter_: Filter, at: datetime) -> SiteView:
        """The view of a site."""
        key = (site_id, replace(filter_, bbox=None))
        if key not in self._sites:
            view = self._sites[key] = SiteView(*key)
            view.renew(self._table, at)
        return self._sites[key]

    def keep(self, used: Callable[[object], bool]) -> None:
        """Forget the views nobody watches any more."""
        self._maps = {key: view for key, view in self._maps.items() if used(view)}
        self._sites = {key: view for key, view in self._sites.items() if used(view)}

    def look_at_all(self, at: datetime) -> None:
        """Read the whole network anew, prices included: four queries."""
        before, now = self._table, table.load_all(at)
        changed = {
            number
            for number in before.sites.keys() | now.sites.keys()
            if _shown(before, number) != _shown(now, number)
        }
        for view in self._maps.values():
            view.renew(now, changed)
        for one in self._sites.values():
            one.renew(now, at)
        self._hold(now)

    def look_at(self, station_ids: Collection[int], at: datetime) -> None:
        """Read what is free at these stations: one query, where nothing else changed there."""
        site_ids = {site for one in station_ids for site in self._sites_of.get(one, ())}
        known = self._of_stations(station_ids, site_ids)
        now = table.of_stations(station_ids, known)
        if now is None:
            self.look_at_all(at)
            return
        changed = {site_id for site_id in now if now[site_id] != known[site_id]}
        if not changed:
            return
        for site_id in changed:
            fresh = {one.connector: one for one in now[site_id]}
            before = self._table.outlets[site_id]
            self._table.outlets[site_id] = [fresh.get(one.connector, one) for one in before]
        for view in self._maps.values():
            view.renew(self._table, changed)
        for (site_id, _), one in self._sites.items():
            if site_id in changed:
                one.renew(self._table, at)

    def _hold(self, now: Table) -> None:
        self._table, self._sites_of = now, {}
        for site_id, outlets in now.outlets.items():
            for one in outlets:
                self._sites_of.setdefault(one.station, set()).add(site_id)

    def _of_stations(self, station_ids: Collection[int], site_ids: Iterable[int]) -> Outlets:
        wanted = frozenset(station_ids)
        found = {
            site_id: [one for one in self._table.outlets[site_id] if one.station in wanted]
            for site_id in site_ids
        }
        return {site_id: outlets for site_id, outlets in found.items() if outlets}


def _shown(known: Table, site_id: int) -> tuple[Any, ...]:
    """What of a site its marker comes from."""
    site = known.sites.get(site_id)
    place = (site.name, site.latitude, site.longitude) if site else None
    return place, known.outlets.get(site_id)
