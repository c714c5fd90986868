"""What is given in the tests of maps: sites with stations whose connectors stand somehow."""

from __future__ import annotations

from typing import Any

from billing.models import Tariff
from billing.services import tariffs
from cms.accounts.models import User
from stations.models import ChargingStation, Connector, Site
from tests.stations import given
from tests.stations.given import NOON, after

BERLIN, PARIS, FIJI = (52.52, 13.405), (48.85, 2.35), (-17.8, 178.0)


def a_site(name: str, place: tuple[float, float] | None = BERLIN, **fields: Any) -> Site:
    """A site, on the map where a place is given."""
    latitude, longitude = place or (None, None)
    return Site.objects.create(name=name, latitude=latitude, longitude=longitude, **fields)


def a_station(site: Site, cp_id: str, *outlets: tuple[str, int | None, str]) -> ChargingStation:
    """A station that is online, with an outlet for each type, power in kW and status."""
    station = given.a_station(cp_id, site=site)
    ChargingStation.objects.filter(pk=station.pk).update(online=True)
    Connector.objects.bulk_create(
        Connector(
            station=station,
            connector_id=number,
            connector_type=type_,
            max_power_w=None if power is None else power * 1000,
            status=status,
        )
        for number, (type_, power, status) in enumerate(outlets, 1)
    )
    return station


def a_price(name: str, price: str, **more: Any) -> Tariff:
    """A tariff with one price for a kWh, without tax, assigned to nothing."""
    terms = {"currency": "EUR", "components": [{"kind": "energy", "price": price}], **more}
    return tariffs.define(name=name, terms=terms, at=after(-600)).tariff


def priced(level: str, target: Any, price: str) -> Tariff:
    """So much for a kWh there."""
    tariff = a_price(f"{level} {price}", price)
    tariffs.assign(tariff=tariff, level=level, target=target)
    return tariff


def a_driver(name: str = "ann") -> User:
    """Somebody who charges, and is limited to nothing."""
    return User.objects.create_user(name)


def status(station: ChargingStation, said: str, *, connector: int = 1, minute: float = 0) -> None:
    """The station's StatusNotification."""
    given.report(station, said, connector=connector, minute=minute)


__all__ = ["NOON", "after"]
