"""A site in detail: its connectors that suit, in groups of one type, power and price."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from cms.maps import table
from cms.maps.filters import Filter
from cms.maps.table import Outlet, Table
from cms.shared import scoping
from stations.models import Site
from stations.services import opening_hours


class Group(NamedTuple):
    """Connectors alike: ``power_kw`` and ``price`` (a kWh, with tax) are None where unknown."""

    connector_type: str
    power_kw: float | None
    price: Decimal | None
    currency: str | None
    available: int
    available_ids: list[int]  # of rows, ascending
    total: int
    free: list[Outlet]  # the same, with their stations


class SiteDetails(NamedTuple):
    """A site with its groups; ``is_open`` is None where nobody said when it is."""

    site: Site
    is_open: bool | None
    available: int
    total: int
    groups: list[Group]


def grouped(site_id: int, filter_: Filter, user: Any, at: datetime) -> SiteDetails | None:
    """The site at ``at`` as ``user`` may see it, without groups that do not suit; four queries.

    None where there is no such site, or none that they may see. The filter's box says nothing.
    """
    rows = scoping.visible(user, Site.objects.filter(pk=site_id))
    return of_table(table.load(rows, at), site_id, filter_, at)


def of_table(known: Table, site_id: int, filter_: Filter, at: datetime) -> SiteDetails | None:
    """The same in a table that is known; no query."""
    site = known.sites.get(site_id)
    if site is None:
        return None
    groups = _groups(known.suiting(site_id, filter_))
    if filter_.free_only:
        groups = [group for group in groups if group.available]
    return SiteDetails(
        site=site,
        is_open=opening_hours.is_open(site.opening_hours, at.astimezone(site.zone)),
        available=sum(group.available for group in groups),
        total=sum(group.total for group in groups),
        groups=groups,
    )


def _groups(outlets: list[Outlet]) -> list[Group]:
    """By type, then power, then price; what is unknown comes first."""
    alike: dict[tuple[Any, ...], list[Outlet]] = {}
    for one in outlets:
        alike.setdefault((one.connector_type, one.power_w, one.price), []).append(one)
    return [_group(alike[key]) for key in sorted(alike, key=_rank)]


def _rank(key: tuple[Any, ...]) -> tuple[Any, ...]:
    connector_type, power_w, price = key
    return connector_type, -1 if power_w is None else power_w, price or ()


def _group(outlets: list[Outlet]) -> Group:
    first = outlets[0]
    free = sorted(one for one in outlets if one.is_free)
    return Group(
        connector_type=first.connector_type,
        power_kw=None if first.power_w is None else first.power_w / 1000,
        price=first.price.amount if first.price else None,
        currency=first.price.currency if first.price else None,
        available=len(free),
        available_ids=[one.connector for one in free],
        total=len(outlets),
        free=free,
    )
