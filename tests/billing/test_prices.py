"""What a kWh costs now at connectors: by the tariff of the place, at this hour, with tax."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.services import prices, tariffs
from rfid.models import CardGroup
from stations.models import ChargingStation, Connector
from tests.billing.charging import ENERGY, a_site, a_station, a_tariff, everywhere, new_version
from tests.stations import given
from tests.stations.given import NOON, after

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> ChargingStation:
    """A station in Germany with one outlet."""
    made = a_station()
    given.report(made, "Available")
    return made


def place(station: ChargingStation, power_w: int | None = None) -> prices.Place:
    """Its outlet."""
    return prices.Place(
        given.connector(station).pk, station.pk, station.site_id, "Europe/Berlin", power_w
    )


def price(station: ChargingStation, at=NOON, **more) -> str | None:
    """What a kWh costs there."""
    found = prices.of_energy([place(station, **more)], at)
    return next((f"{one.amount} {one.currency}" for one in found.values()), None)


def assigned(level: str, target: object, net: str) -> None:
    """A tariff of that place."""
    terms = {**ENERGY, "tax_rate": "0", "components": [{"kind": "energy", "price": net}]}
    tariffs.assign(tariff=a_tariff(level, terms), level=level, target=target)


def of_components(*components: dict[str, object]) -> dict[str, object]:
    """Terms without tax."""
    return {"currency": "EUR", "components": list(components)}


def test_without_a_tariff_there_is_no_price(station):
    a_tariff()
    assert price(station) is None


def test_a_price_is_told_with_its_tax(station):
    everywhere()
    assert price(station) == "0.357 EUR"


def test_a_price_that_contains_its_tax_is_told_as_it_is(station):
    everywhere({**ENERGY, "tax_included": True})
    assert price(station) == "0.30 EUR"


def test_the_most_specific_place_decides(station):
    levels = [
        ("everywhere", None),
        ("site", station.site),
        ("station", station),
        ("connector", given.connector(station)),
    ]
    for number, (level, target) in enumerate(levels, 1):
        assigned(level, target, f"0.{number}")
        assert price(station) == f"0.{number}0 EUR"


def test_the_tariff_of_another_place_says_nothing_here(station):
    other = a_station("CP-2", a_site("Other"))
    assigned("site", other.site, "0.1")
    assigned("station", other, "0.2")
    assert price(station) is None


def test_what_a_group_has_of_its_own_is_no_price_of_the_place(station):
    assigned("card_group", CardGroup.objects.create(name="Fleet"), "0.1")
    assert price(station) is None


def test_the_hour_at_the_site_decides(station):
    night = {"kind": "energy", "price": "0.10", "when": {"between": "22:00-06:00"}}
    everywhere(of_components(night, {"kind": "energy", "price": "0.40"}))
    assert price(station) == "0.40 EUR"
    assert price(station, at=after(9.25 * 60)) == "0.10 EUR"  # 21:15 in UTC is 22:15 there


def test_the_class_of_power_decides(station):
    rapid = {"kind": "energy", "price": "0.60", "when": {"min_w": 50_000}}
    everywhere(of_components(rapid, {"kind": "energy", "price": "0.40"}))
    assert price(station, power_w=22_000) == "0.40 EUR"
    assert price(station, power_w=150_000) == "0.60 EUR"
    assert price(station) == "0.40 EUR"


def test_a_tariff_of_time_alone_has_no_price_of_energy(station):
    everywhere(of_components({"kind": "time", "price": "0.10"}))
    assert price(station) is None


def test_energy_that_is_free_costs_nothing(station):
    everywhere(of_components({"kind": "energy", "price": "0"}))
    assert price(station) == "0.00 EUR"


def test_the_version_that_is_valid_decides(station):
    tariff = everywhere()
    new_version(tariff, "0.50", at=NOON)
    tariffs.publish(
        tariff_id=tariff.pk,
        terms={**ENERGY, "tax_rate": "0"},
        at=NOON,
        valid_from=after(60),
    )
    assert price(station, at=after(-1)) == "0.357 EUR"
    assert price(station) == "0.595 EUR"
    assert price(station, at=after(60)) == "0.30 EUR"


def test_before_all_versions_the_first_one_counts(station):
    everywhere()
    assert price(station, at=after(-6000)) == "0.357 EUR"


def test_many_connectors_take_two_queries(station, django_assert_num_queries, monkeypatch):
    Connector.objects.bulk_create(
        Connector(station=station, connector_id=number) for number in range(2, 40)
    )
    assigned("everywhere", None, "0.1")
    assigned("connector", Connector.objects.get(station=station, connector_id=2), "0.2")
    places = [
        prices.Place(row.pk, station.pk, station.site_id, "UTC", None)
        for row in Connector.objects.filter(station=station)
    ]
    for many in (1000, 10):
        monkeypatch.setattr(prices, "_MANY", many)
        with django_assert_num_queries(2):
            found = prices.of_energy(places, NOON)
        assert len(found) == 39
        assert sorted({one.amount for one in found.values()}) == [Decimal("0.1"), Decimal("0.2")]
