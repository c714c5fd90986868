"""Markers: sites on a map with how many connectors suit, and how many of those are free."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cms.maps import table
from cms.maps.filters import Filter
from cms.maps.table import Table
from cms.shared import scoping
from stations.models import Site


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
    found = (of_site(known, site, filter_) for site in known.sites.values())
    return [one for one in found if one is not None and is_inside(one, filter_)]


def is_inside(marker: Marker, filter_: Filter) -> bool:
    """Whether it is in the part of the map that is looked at."""
    return filter_.bbox is None or filter_.bbox.holds(marker.latitude, marker.longitude)


def of_site(known: Table, site: Site, filter_: Filter) -> Marker | None:
    """The marker of a site, wherever it is; None where it has no place, or nothing suits."""
    if site.latitude is None or site.longitude is None:
        return None
    outlets = known.suiting(site.pk, filter_)
    free = sum(one.is_free for one in outlets)
    if not outlets or (filter_.free_only and not free):
        return None
    place = float(site.latitude), float(site.longitude)
    return Marker(site.pk, site.name, *place, free, len(outlets))
