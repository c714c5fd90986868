"""The connectors of sites with their prices, as maps count them: of many sites in four queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from billing.services import prices
from billing.services.prices import PerKwh
from cms.maps.filters import Box, Filter
from stations.models import Connector, ConnectorStatus, Registration, Site

MOST_SITES = 5000  # on one map
MOST_FOLLOWED = 50_000  # whose changes a process tells
_FREE = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING})
_OUT_OF_ORDER = frozenset({ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED})
_COLUMNS = (
    *("pk", "connector_id", "status", "connector_type", "max_power_w", "station_id"),
    *("station__cp_id", "station__online", "station__site_id"),
)


class _Row(NamedTuple):
    """A connector as it is stored, with its station; number 0 is the station itself."""

    connector: int
    number: int
    status: str
    connector_type: str
    power_w: int | None
    station: int
    cp_id: str
    is_online: bool
    site: int


class Outlet(NamedTuple):
    """A connector as drivers see it; ``number`` is its connector_id at the station."""

    connector: int
    station: int
    cp_id: str
    number: int
    connector_type: str
    power_w: int | None
    is_free: bool
    price: PerKwh | None


Outlets = dict[int, list[Outlet]]  # by the number of their site


class Table(NamedTuple):
    """Sites and their outlets by the number of the site, and whether there were more of them."""

    sites: dict[int, Site]
    outlets: Outlets
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
    rows = _rows(station__site__in=list(known))
    return Table(known, _priced(rows, known, at), is_cut=len(found) > MOST_SITES)


def load_all(at: datetime) -> Table:
    """The table of the whole network, sites without a place included."""
    known = {site.pk: site for site in Site.objects.order_by("pk")[:MOST_FOLLOWED]}
    rows = [row for row in _rows(station__site__isnull=False) if row.site in known]
    return Table(known, _priced(rows, known, at))


def of_stations(station_ids: Collection[int], known: Outlets) -> Outlets | None:
    """The outlets of these stations as they are now, where ``known`` are those they had.

    None where more has changed than whether they are free: prices are not asked for here.
    """
    costs = {one.connector: one.price for outlets in known.values() for one in outlets}
    now = _outlets(_rows(station__in=station_ids, station__site__isnull=False), costs)
    return now if _all_taken(now) == _all_taken(known) else None


def _all_taken(outlets: Outlets) -> set[tuple[int, Outlet]]:
    """What is left to differ where nobody asks whether they are free."""
    return {
        (site_id, one._replace(is_free=False)) for site_id, some in outlets.items() for one in some
    }


def _rows(**which: Any) -> list[_Row]:
    rows = Connector.objects.filter(station__registration=Registration.ACCEPTED, **which)
    return [_Row(*row) for row in rows.order_by("pk").values_list(*_COLUMNS)]


def _priced(rows: list[_Row], sites: Mapping[int, Site], at: datetime) -> Outlets:
    places = [
        prices.Place(row.connector, row.station, row.site, sites[row.site].time_zone, row.power_w)
        for row in rows
        if row.number > 0
    ]
    return _outlets(rows, prices.of_energy(places, at))


def _outlets(rows: list[_Row], costs: Mapping[int, PerKwh | None]) -> Outlets:
    closed = {row.station for row in rows if row.number == 0 and row.status in _OUT_OF_ORDER}
    found: Outlets = defaultdict(list)
    for row in rows:
        if row.number > 0:
            is_free = row.is_online and row.status in _FREE and row.station not in closed
            kind = (row.cp_id, row.number, row.connector_type, row.power_w)
            outlet = Outlet(row.connector, row.station, *kind, is_free, costs.get(row.connector))
            found[row.site].append(outlet)
    return dict(found)
