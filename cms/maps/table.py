"""The connectors of sites with their prices, as maps count them: of many sites in four queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from billing.services import prices
from billing.services.prices import PerKwh
from cms.maps.filters import Box, Filter
from stations.models import Connector, ConnectorStatus, Registration, Site

MOST_SITES = 5000  # on one map
_FREE = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING})
_OUT_OF_ORDER = frozenset({ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED})
_COLUMNS = (
    *("pk", "connector_id", "status", "connector_type", "max_power_w", "station_id"),
    *("station__cp_id", "station__online", "station__site_id"),
)


class Outlet(NamedTuple):
    """A connector as drivers see it; ``number`` is its connector_id at the station."""

    connector: int
    cp_id: str
    number: int
    connector_type: str
    power_w: int | None
    is_free: bool
    price: PerKwh | None


class Table(NamedTuple):
    """Sites and their outlets by the number of the site, and whether there were more of them."""

    sites: dict[int, Site]
    outlets: dict[int, list[Outlet]]
    is_cut: bool = False

    def suiting(self, site_id: int, filter_: Filter) -> list[Outlet]:
        """The outlets of a site that somebody looks for."""
        return [
            one
            for one in self.outlets.get(site_id, ())
            if filter_.suits(one.connector_type, one.power_w, one.price and one.price.amount)
        ]


def placed(bbox: Box | None) -> QuerySet[Site]:
    """The sites that have a place, inside a box where one is named."""
    rows = Site.objects.filter(latitude__isnull=False, longitude__isnull=False)
    if bbox is None:
        return rows
    east, west = Q(longitude__lte=bbox.east), Q(longitude__gte=bbox.west)
    rows = rows.filter(latitude__gte=bbox.south, latitude__lte=bbox.north)
    return rows.filter(east | west if bbox.crosses else east & west)


def load(sites: QuerySet[Site], at: datetime) -> Table:
    """The table of ``sites`` at ``at``: the first MOST_SITES of them, in the order they were made.

    What the system does not serve (yet) is not on a map. Free is an outlet that says it is
    Available or Preparing, of a station that is online and, as a whole, in order.
    """
    found = list(sites.order_by("pk")[: MOST_SITES + 1])
    known = {site.pk: site for site in found[:MOST_SITES]}
    rows = _connectors(known)
    closed = {row[5] for row in rows if row[1] == 0 and row[2] in _OUT_OF_ORDER}
    rows = [row for row in rows if row[1] > 0]
    places = [prices.Place(row[0], row[5], row[8], known[row[8]].time_zone, row[4]) for row in rows]
    costs = prices.of_energy(places, at)
    outlets: dict[int, list[Outlet]] = defaultdict(list)
    for pk, number, status, type_, power_w, station, cp_id, online, site in rows:
        is_free = online and status in _FREE and station not in closed
        outlets[site].append(Outlet(pk, cp_id, number, type_, power_w, is_free, costs.get(pk)))
    return Table(known, dict(outlets), is_cut=len(found) > MOST_SITES)


def _connectors(site_ids: Iterable[int]) -> list[tuple[Any, ...]]:
    rows = Connector.objects.filter(station__site__in=list(site_ids))
    served = rows.filter(station__registration=Registration.ACCEPTED)
    return list(served.order_by("pk").values_list(*_COLUMNS))
