"""Sites: as people edit them, and as programs describe them with all that stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from cms.shared import texts
from cms.shared.errors import Conflict, DomainError, NotFound
from stations import events
from stations.models import ChargingStation, Connector, Site
from stations.services import stations


@dataclass(frozen=True)
class Outlet:
    """A connector: one of the row ``id``, else with this number (made where it is new).

    ``fields``: some of connector_type and max_power_w.
    """

    number: int
    id: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """A station: one of the row ``id``, else a new one. ``cp_id`` is needed for a new one."""

    cp_id: str = ""
    id: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    outlets: Sequence[Outlet] = ()


class Defined(NamedTuple):
    """The rows, in the order in which they were described."""

    site: Site
    stations: list[ChargingStation]
    outlets: list[list[Connector]]


@transaction.atomic
def define(
    *,
    site_id: int | None,
    fields: Mapping[str, Any],
    standing: Sequence[Standing] = (),
) -> Defined:
    """Make a site, or change the one with ``site_id``; so with each of its stations, too.

    What is not described stays as it is. Raises NotFound for a row that is not there, Conflict for
    a name or an identity that is taken, DomainError for a value that cannot be, by its field
    (``stations.0.connectors.1.max_power_w``).
    """
    site = _site(site_id, fields)
    rows, outlets = [], []
    for place, one in enumerate(standing):
        path = f"stations.{place}."
        station = _station(site, one, path)
        rows.append(station)
        outlets.append(
            [_outlet(station, o, f"{path}connectors.{n}.") for n, o in enumerate(one.outlets)]
        )
    events.station_changed(*site.stations.values_list("pk", flat=True))
    events.site_changed(site.pk)
    events.network_changed()
    return Defined(site, rows, outlets)


def save(*, site: Site) -> None:
    """Store a site as somebody edited it, new or changed."""
    site.save()
    events.site_changed(site.pk)


def delete(*, site: Site) -> None:
    """Remove a site; its stations stand nowhere then."""
    number = site.pk
    site.delete()
    events.site_changed(number)


def _site(site_id: int | None, fields: Mapping[str, Any]) -> Site:
    site = (
        Site() if site_id is None else Site.objects.select_for_update().filter(pk=site_id).first()
    )
    if site is None:
        raise NotFound("Site not found", fields={"id": ["is not known here"]})
    if site_id is None and not fields.get("name"):
        raise DomainError.of_field("name", "is needed")
    _put(site, fields, "")
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError:
        raise Conflict(
            "A site with the name %(name)s exists already",
            fields={"name": ["exists already"]},
            name=site.name,
        ) from None
    return site


def _station(site: Site, one: Standing, path: str) -> ChargingStation:
    if one.id is None:
        _put(ChargingStation(), {"cp_id": one.cp_id, **one.fields}, path)
        try:
            return stations.create(cp_id=one.cp_id, site=site, **one.fields)
        except Conflict as error:
            error.fields = {f"{path}cp_id": error.fields["ocppIdentifier"]}
            raise
    station = ChargingStation.objects.select_for_update().filter(pk=one.id).first()
    if station is None:
        raise NotFound("Station not found", fields={f"{path}id": ["is not known here"]})
    if one.cp_id and one.cp_id.upper() != station.cp_id.upper():
        raise DomainError.of_field("cp_id", "cannot be changed; add a new station", prefix=path)
    _put(station, one.fields, path)
    return stations.change(station=station, site=site, **one.fields)


def _outlet(station: ChargingStation, outlet: Outlet, path: str) -> Connector:
    rows = Connector.objects.filter(station=station)
    if outlet.id is None:
        connector = Connector.objects.locked(station_id=station.pk, connector_id=outlet.number)
    else:
        found = rows.select_for_update(no_key=True).filter(pk=outlet.id).first()
        if found is None:
            raise NotFound("Connector not found", fields={f"{path}id": ["is not known here"]})
        connector = found
    _put(connector, outlet.fields, path)
    if outlet.fields:
        connector.save(update_fields=[*outlet.fields])
    return connector


def _put(row: models.Model, fields: Mapping[str, Any], path: str) -> None:
    """Put values into a row that its fields allow. Raises DomainError with all that is wrong."""
    problems: dict[str, Any] = {}
    for name, value in fields.items():
        column: Any = row._meta.get_field(name)
        try:
            setattr(row, name, column.clean(value, row))
        except ValidationError as error:
            problems[f"{path}{name}"] = texts.of_validation(error)
    if problems:
        raise DomainError.of_fields(problems)
