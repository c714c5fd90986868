"""Maps: ``getFilteredMarkers`` and ``getFilteredSite``, and the filters they have in common."""

from __future__ import annotations

from typing import Any

import strawberry
from rest_framework.exceptions import PermissionDenied, Throttled
from strawberry.scalars import JSON
from strawberry.types import Info

from cms.graphql.callers import Caller, person
from cms.graphql.fields import asking
from cms.graphql.numbers import number
from cms.maps import filters, markers, sites
from cms.maps.api import MayLook, Strangers
from cms.maps.filters import Filter
from cms.maps.markers import Marker
from cms.maps.sites import Group, SiteDetails
from cms.shared import clock
from cms.shared.errors import DomainError
from stations.models import Site

_SPELT = {"connectorTypes": "connectorTypesSelected"}


@strawberry.input
class InputFilterMarkersDto:
    """What a connector has to be: prices for a kWh with tax, power in kW; bounds included."""

    connector_types_selected: list[str] | None = None
    min_price: float | None = None
    max_price: float | None = None
    min_power: float | None = None
    max_power: float | None = None


@strawberry.input
class InputFilterSiteDto(InputFilterMarkersDto):
    """The same at one site."""

    site_id: strawberry.ID


@strawberry.type(name="Marker")
class MarkerType:
    """A site on the map, with how many of the connectors that suit are free."""

    siteid: int
    location: JSON = strawberry.field(description="A GeoJSON Point: longitude, latitude")
    available: int
    total: int


@strawberry.type
class SiteGroup:
    """Connectors of a site that are alike: of one type, power (kW) and price (a kWh, with tax)."""

    site_name: str = strawberry.field(name="site_name")
    site_address: str = strawberry.field(name="site_address")
    connector_type: str = strawberry.field(name="connector_type")
    power: float | None
    price: float | None
    currency: str | None
    available: int
    available_ids: list[int] = strawberry.field(name="available_ids")
    total: int


@strawberry.type
class MapQueries:
    """What the root has of maps."""

    @strawberry.field
    @asking
    def get_filtered_markers(
        self, info: Info[Caller, None], input: InputFilterMarkersDto
    ) -> list[MarkerType]:
        """Sites with a connector that suits, with how many of these are free."""
        caller = looking(info.context)
        found = markers.filtered(filter_of(input), caller.user, clock.now())
        return [marker_type(one) for one in found]

    @strawberry.field
    @asking
    def get_filtered_site(
        self, info: Info[Caller, None], input: InputFilterSiteDto
    ) -> list[SiteGroup]:
        """The connectors of a site that suit, in groups; none where there is no such site."""
        caller = looking(info.context)
        site_id = number(input.site_id, "input.siteId")
        return site_groups(sites.grouped(site_id, filter_of(input), caller.user, clock.now()))


def may_look(caller: Caller) -> bool:
    """Whether they may look at maps at all, as over REST."""
    return MayLook().has_permission(caller.asked(), None)


def looking(caller: Caller) -> Caller:
    """Who looks at a map. Raises NotAuthenticated, PermissionDenied, Throttled.

    May wait for the cache.
    """
    if not may_look(caller):
        person(caller)
        raise PermissionDenied("This API key lacks the scope read.")
    strangers: Any = Strangers()
    if not strangers.allow_request(caller.asked(), None):
        raise Throttled(strangers.wait())
    return caller


def filter_of(input_: InputFilterMarkersDto) -> Filter:
    """What is looked for. Raises DomainError that names the fields of the input."""
    said: dict[str, Any] = {
        "connectorTypes": input_.connector_types_selected,
        "minPrice": input_.min_price,
        "maxPrice": input_.max_price,
        "minPower": input_.min_power,
        "maxPower": input_.max_power,
    }
    try:
        return filters.read(said)
    except DomainError as error:
        fields = {f"input.{_SPELT.get(name, name)}": said for name, said in error.fields.items()}
        raise DomainError.of_fields(fields) from None


def marker_type(marker: Marker) -> MarkerType:
    """A marker as apps know it."""
    place: Any = {"type": "Point", "coordinates": [marker.longitude, marker.latitude]}
    return MarkerType(
        siteid=marker.site_id,
        location=place,
        available=marker.available,
        total=marker.total,
    )


def site_groups(details: SiteDetails | None) -> list[SiteGroup]:
    """A site as apps know it."""
    return [_group(details.site, group) for group in details.groups] if details else []


def _group(site: Site, group: Group) -> SiteGroup:
    return SiteGroup(
        site_name=site.name,
        site_address=site.one_line,
        connector_type=group.connector_type,
        power=group.power_kw,
        price=None if group.price is None else float(group.price),
        currency=group.currency,
        available=group.available,
        available_ids=group.available_ids,
        total=group.total,
    )
