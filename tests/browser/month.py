"""A month of business: two sites with a tariff each, drivers, a company; sessions and bills."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

from billing.models import Company, Member, Policy
from billing.services import accounts, bills, tariffs, wallets
from cms.accounts.models import User
from rfid.models import CardGroup
from stations.models import ChargingStation, Site
from tests.billing.charging import ENERGY, IDLE
from tests.stations import given

_DRIVERS = (("ann", "Ann", "Berg"), ("ben", "Ben", "Sommer"), ("cleo", "Cleo", "Frank"))
_EMPLOYED = ("ben", "cleo")
_HOURS = (7, 9, 12, 16, 19)
_SITES: dict[str, dict[str, Any]] = {
    "Harbour": {"city": "Hamburg", "address": "Am Sandtorkai 1", "postal_code": "20457"},
    "Old town": {"city": "Lübeck", "address": "Breite Straße 10", "postal_code": "23552"},
}


class Business(NamedTuple):
    """Where sessions can be, and who charges."""

    stations: list[ChargingStation]
    tags: list[str]


def a_business(*, at: datetime) -> Business:
    """Everything but the sessions, as it was before the first of them."""
    made = [_site(name, fields, at) for name, fields in _SITES.items()]
    return Business([station for site in made for station in site], _drivers(at))


def sessions(business: Business, *, first: date, last: date, every: int = 1) -> int:
    """Sessions of each of these days, or every so many, billed in the evening; gives how many."""
    number = count()
    registers = dict.fromkeys((station.pk for station in business.stations), 100_000)
    for day in range(0, (last - first).days + 1, every):
        midnight = datetime.combine(first + timedelta(days=day), time(), UTC)
        for station in business.stations:
            _session(station, registers, midnight, business.tags, next(number))
        bills.bill_all_ended(at=midnight + timedelta(hours=23, minutes=30))
    return next(number)


def _session(
    station: ChargingStation,
    registers: dict[int, int],
    midnight: datetime,
    tags: list[str],
    number: int,
) -> None:
    began = midnight + timedelta(hours=_HOURS[number % len(_HOURS)], minutes=number * 7 % 60)
    minute = (began - given.NOON) / timedelta(minutes=1)
    meter = registers[station.pk]
    registers[station.pk] += 6_000 + number * 1_730 % 31_000
    tag = tags[number % len(tags)]
    started = given.begin(station, tag=tag, minute=minute, meter=meter)
    over = minute + 40 + number * 11 % 140
    given.finish(station, started.transaction_id, minute=over, meter=registers[station.pk])


def _site(name: str, fields: dict[str, Any], at: datetime) -> list[ChargingStation]:
    site = Site.objects.create(name=name, country="DE", time_zone="Europe/Berlin", **fields)
    price = {"kind": "energy", "price": f"0.{39 + 10 * (name != 'Harbour')}"}
    start = {"kind": "start", "price": "0.50"}
    terms = {**ENERGY, "tax_rounding": "sum", "components": [start, price, IDLE]}
    tariff = tariffs.define(name=f"{name} 2026", terms=terms, at=at).tariff
    tariffs.assign(tariff=tariff, level="site", target=site)
    return [_station(f"{name[:3].upper()}-{number:02}", site) for number in (1, 2)]


def _station(cp_id: str, site: Site) -> ChargingStation:
    made = given.a_station(cp_id, site=site, vendor="Alfen", model="Eve Double")
    for connector in (1, 2):
        given.report(made, "Available", connector=connector)
    return made


def _drivers(at: datetime) -> list[str]:
    group = CardGroup.objects.create(name="Drivers", parent_id_tag="DRIVERS")
    company = Company.objects.create(
        name="Nordlicht Logistik GmbH",
        address="Kaistraße 4\n20457 Hamburg",
        country="DE",
        tax_number="DE123456789",
        email="office@nordlicht.example",
    )
    wallets.open(customer=company, currency="EUR", at=at, policy=Policy.POSTPAID)
    for name, first_name, last_name in _DRIVERS:
        user = User.objects.create_user(name, first_name=first_name, last_name=last_name)
        given.a_card(f"CARD-{name.upper()}", user=user, label=f"{first_name}'s card", group=group)
        if name in _EMPLOYED:
            Member.objects.create(company=company, user=user)
        else:
            _filled(wallets.open(customer=user, currency="EUR", at=at).pk, at)
    return [f"CARD-{name.upper()}" for name, *_ in _DRIVERS]


def _filled(wallet_id: int, at: datetime) -> None:
    cash = accounts.cash("EUR")
    wallets.top_up(wallet_id=wallet_id, amount=Decimal(1000), source=cash, key="first", at=at)
