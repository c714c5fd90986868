"""``createOrUpdateSiteWithChargePoints``: a site with its stations and connectors, in one go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import strawberry
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from strawberry.scalars import JSON
from strawberry.types import Info

from billing.models import Tariff, TariffAssignment
from billing.services import places
from cms.graphql.callers import ADDING, CHANGING, Caller, needs
from cms.graphql.fields import asking
from cms.graphql.loose import Members
from cms.shared import clock, scoping
from cms.shared.errors import DomainError
from stations.models import ChargingStation, Connector, Site
from stations.services.sites import Defined, Outlet, Standing

MOST_STATIONS, MOST_CONNECTORS = 100, 50
_DATA = "input.data"
_NUMBERS = ("id", "siteId")  # of a site that is there: the first that is said counts
# The fields of a site, and what apps call them: the first that is said counts
_FIELDS = {
    "name": ("name",),
    "address": ("address", "site_address", "site"),
    "city": ("city", "site_area"),
    "postal_code": ("zip_code", "postal_code"),
    "country": ("country",),
}
_STATION_FIELDS = {"cp_id": "chargePointHardwareId", "name": "chargePointName"}
_OUTLET_FIELDS = {"connector_type": "connectorTypeName", "max_power_w": "power"}


@strawberry.input
class CustomSiteCreateInputDto:
    """A site as JSON: docs/graphql.md says which members it has."""

    data: JSON


@strawberry.type(name="Connector")
class ConnectorType:
    """An outlet: ``id`` is the row, ``connectorId`` its number at the station."""

    id: int
    connector_id: int


@strawberry.type(name="ChargePoint")
class ChargePointType:
    """A station with the connectors that were described."""

    id: int
    charge_point_hardware_id: str
    connectors: list[ConnectorType]


@strawberry.type(name="SiteWithChargePoints")
class SiteType:
    """What was made or changed."""

    site_id: int
    charge_points: list[ChargePointType]


class _Read(NamedTuple):
    standing: Standing
    prices: list[Decimal | None]


@strawberry.type
class SiteMutations:
    """What the root has of sites."""

    @strawberry.mutation
    @asking
    def create_or_update_site_with_charge_points(
        self, info: Info[Caller, None], input: CustomSiteCreateInputDto
    ) -> SiteType:
        """Make a site (or change the one with the ``id``), its stations and connectors."""
        caller = info.context
        needs(caller, Site, CHANGING if _names_a_site(input.data) else ADDING)
        said = Members(input.data, _DATA)
        site_id, price = said.whole(*_NUMBERS), said.amount("default_price")
        found = [_station(one) for one in said.objects("chargepoints", MOST_STATIONS)]
        _may(caller, site_id, price, found)
        try:
            made = places.define(
                site_id=site_id,
                fields=_fields(said),
                standing=[one.standing for one in found],
                price=price,
                prices=[one.prices for one in found],
                at=clock.now(),
                by_id=caller.user.pk,
            )
        except DomainError as error:
            error.fields = {_spelt(name, said): value for name, value in error.fields.items()}
            raise
        return _shown(made)


def _names_a_site(data: Any) -> bool:
    return isinstance(data, dict) and any(data.get(name) is not None for name in _NUMBERS)


def _may(caller: Caller, site_id: int | None, price: Decimal | None, found: list[_Read]) -> None:
    """See that the caller may write all of it. Raises PermissionDenied, Http404."""
    for one in found:
        needs(caller, ChargingStation, ADDING if one.standing.id is None else CHANGING)
        if one.standing.outlets:
            needs(caller, Connector, CHANGING)
    if price is not None or any(each is not None for one in found for each in one.prices):
        needs(caller, Tariff, ADDING)
        needs(caller, TariffAssignment, ADDING)
    if scoping.limit_of(caller.user) is None:
        return
    if site_id is None:
        raise PermissionDenied("You work for some sites only, and would not see a new one.")
    _must_be_seen(caller.user, Site, [site_id])
    numbers = [one.standing.id for one in found if one.standing.id is not None]
    _must_be_seen(caller.user, ChargingStation, numbers)


def _must_be_seen(user: Any, model: Any, numbers: list[int]) -> None:
    rows = scoping.visible(user, model.objects.filter(pk__in=numbers))
    if rows.count() != len(set(numbers)):
        raise Http404


def _fields(said: Members) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value for name, names in _FIELDS.items() if (value := said.text(*names)) is not None
    }
    if (point := said.point("location")) is not None:
        fields["longitude"], fields["latitude"] = point
    return fields


def _station(said: Members) -> _Read:
    outlets = said.objects("connectors", MOST_CONNECTORS)
    fields = {} if (name := said.text("chargePointName")) is None else {"name": name}
    standing = Standing(
        cp_id=said.text("chargePointHardwareId") or "",
        id=said.whole("id"),
        fields=fields,
        outlets=[_outlet(one, place) for place, one in enumerate(outlets, 1)],
    )
    return _Read(standing, [one.amount("price") for one in outlets])


def _outlet(said: Members, place: int) -> Outlet:
    """Without a number its place in the list is it. Power is in kW."""
    fields: dict[str, Any] = {}
    if (type_ := said.text("connectorTypeName", "label")) is not None:
        fields["connector_type"] = type_
    if (power := said.amount("power", "maxPower")) is not None:
        fields["max_power_w"] = int(power * 1000)
    return Outlet(said.whole("connectorId") or place, said.whole("id"), fields)


def _spelt(name: str, said: Members) -> str:
    """The place of a field in the input: ``stations.0.name`` is of a charge point."""
    *path, last = name.split(".")
    if not path:
        known = next((each for each in _FIELDS.get(last, ()) if said.has(each)), last)
        return f"{_DATA}.{'location' if last in ('latitude', 'longitude') else known}"
    path[0] = "chargepoints"
    names = _OUTLET_FIELDS if "connectors" in path else _STATION_FIELDS
    return ".".join([_DATA, *path, names.get(last, last)])


def _shown(made: Defined) -> SiteType:
    return SiteType(
        site_id=made.site.pk,
        charge_points=[
            ChargePointType(
                id=station.pk,
                charge_point_hardware_id=station.cp_id,
                connectors=[ConnectorType(id=o.pk, connector_id=o.connector_id) for o in outlets],
            )
            for station, outlets in zip(made.stations, made.outlets, strict=True)
        ],
    )
