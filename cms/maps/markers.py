"""Markers: sites on a map with how many connectors suit, and how many of those are free."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cms.maps import table
from cms.maps.filters import Filter
from cms.maps.table import Table
from cms.shared import scoping


class Marker(NamedTuple):
    """A site somebody looks for; places in degrees."""

    site_id: int
    name: str
    latitude: float
    longitude: float
    available: int
    total: int


def filtered(filter_: Filter, user: Any, at: datetime) -> list[Marker]:
    """The markers at ``at`` that ``user`` may see: all sites, where they are limited to none.

    Four queries however many there are, and at most ``table.MOST_SITES``.
    """
    return of_table(seen(filter_, user, at), filter_)


def seen(filter_: Filter, user: Any, at: datetime) -> Table:
    """The table that markers come from: the sites in the filter's box that ``user`` may see."""
    return table.load(scoping.visible(user, table.placed(filter_.bbox)), at)


def of_table(known: Table, filter_: Filter) -> list[Marker]:
    """The markers in a table that is known; no query."""
    found = []
    for site in known.sites.values():
        if site.latitude is None or site.longitude is None:
            continue
        latitude, longitude = float(site.latitude), float(site.longitude)
        if filter_.bbox is not None and not filter_.bbox.holds(latitude, longitude):
            continue
        outlets = known.suiting(site.pk, filter_)
        free = sum(one.is_free for one in outlets)
        if outlets and (free or not filter_.free_only):
            found.append(Marker(site.pk, site.name, latitude, longitude, free, len(outlets)))
    return found
