"""``manage.py seed_demo``: the demo, with its prices and wallets; running it again adds nothing.

Two of its drivers are known by name, one who paid before and one who gets an invoice; the other
cards are nobody's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from billing.models import Policy, Tariff
from billing.services import accounts, tariffs, wallets
from cms.accounts.models import User
from cms.demo import DEMO_CARDS, DEMO_STATIONS
from cms.shared import clock
from rfid.models import CardGroup
from rfid.services import cards
from stations.models import Connector, Site
from stations.services import local_lists, stations

_SITES = {
    "HARBOUR": {
        "name": "Harbour car park",
        "address": "Am Sandtorkai 1",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DE",
        "latitude": Decimal("53.543800"),
        "longitude": Decimal("9.995600"),
        "time_zone": "Europe/Berlin",
    },
    "MARKET": {
        "name": "Market square",
        "address": "Place du Marché 4",
        "city": "Lausanne",
        "postal_code": "1003",
        "country": "CH",
        "latitude": Decimal("46.522100"),
        "longitude": Decimal("6.632800"),
        "time_zone": "Europe/Zurich",
    },
}

# What the simulated stations are (tests/simulator/fleet.py: MODELS, in this order at each site).
_OUTLETS = (
    (("Type 2", 22_000), ("Type 2", 22_000)),
    (("Type 2", 11_000),),
    (("CCS2", 50_000),),
)
_FAST = {"min_w": 43_000}
_TARIFFS = {
    "HARBOUR": ("Demo Hamburg", "EUR", "19", "0.49", "0.69", "0.10"),
    "MARKET": ("Demo Lausanne", "CHF", "8.1", "0.45", "0.65", "0.08"),
}
_DRIVERS = (("demo.anna", Policy.PREPAID), ("demo.ben", Policy.POSTPAID))
_MONEY = Decimal(200)  # what the one paid before, and how far the other may go
_LIMITS = {Policy.PREPAID: Decimal(0), Policy.POSTPAID: _MONEY}


class Command(BaseCommand):
    """Seeds the demo."""

    help = "Make the demo's two sites, six stations and six cards, with prices and two wallets."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing."""
        now = clock.now()
        for key, fields in _SITES.items():
            site, _ = Site.objects.get_or_create(name=fields["name"], defaults=fields)
            names = [name for name in DEMO_STATIONS if key in name]
            for cp_id, outlets in zip(names, _OUTLETS, strict=True):
                _station(cp_id, site, outlets, now)
            _tariff(*_TARIFFS[key], site=site, at=now)
        group, _ = CardGroup.objects.get_or_create(
            name="Demo drivers", defaults={"parent_id_tag": "DEMO"}
        )
        drivers = [_driver(name, policy, now) for name, policy in _DRIVERS]
        for number, id_tag in enumerate(DEMO_CARDS):
            if cards.find(id_tag) is None:
                holder = drivers[number] if number < len(drivers) else None
                cards.create(
                    id_tag=id_tag, label=f"Demo driver {number + 1}", group=group, user=holder
                )
        self.stdout.write("The demo has 2 sites, 6 stations and 6 cards.")


def _station(cp_id: str, site: Site, outlets: tuple[tuple[str, int], ...], at: datetime) -> None:
    station = stations.find(cp_id)
    if station is None:
        station = stations.create(cp_id=cp_id, site=site, time_zone=site.time_zone)
        local_lists.choose(station=station, policy="All", groups=[], at=at)
    for number, (kind, power) in enumerate(outlets, 1):
        known, _ = Connector.objects.get_or_create(station=station, connector_id=number)
        if not known.connector_type:  # reported by an older demo, of which nothing was known
            Connector.objects.filter(pk=known.pk).update(connector_type=kind, max_power_w=power)


def _tariff(
    name: str, currency: str, tax: str, slow: str, fast: str, idle: str, *, site: Site, at: datetime
) -> None:
    if Tariff.objects.filter(name=name).exists():
        return
    waiting = {"price": idle, "grace_seconds": 600, "cap": "12", "not_between": ["22:00-07:00"]}
    terms = {
        "currency": currency,
        "tax_rate": tax,
        "tax_included": True,
        "components": [
            {"kind": "energy", "price": fast, "when": _FAST},
            {"kind": "energy", "price": slow},
            {"kind": "idle", **waiting},
        ],
    }
    made = tariffs.define(name=name, terms=terms, at=at, note="Made for the demo")
    tariffs.assign(tariff=made.tariff, level="site", target=site)


def _driver(name: str, policy: Policy, at: datetime) -> User:
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        user.set_unusable_password()
        user.save()
        wallet = wallets.open(
            customer=user, currency="EUR", at=at, policy=policy, credit_limit=_LIMITS[policy]
        )
        if policy == Policy.PREPAID:
            source, key = accounts.cash("EUR"), f"demo/{name}"
            wallets.top_up(wallet_id=wallet.pk, amount=_MONEY, source=source, key=key, at=at)
    return user
