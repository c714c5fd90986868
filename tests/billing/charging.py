"""What is given in the tests of tariffs and bills: a site with a station, a driver, a tariff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import SessionBill, SessionTariff, Tariff, TariffVersion
from billing.services import bills, tariffs
from cms.accounts.models import User
from stations.models import ChargingSession, ChargingStation, Site
from tests.stations import given
from tests.stations.given import NOON, after

ENERGY = {"currency": "EUR", "tax_rate": "19", "components": [{"kind": "energy", "price": "0.30"}]}
IDLE = {
    "kind": "idle",
    "price": "0.05",
    "grace_seconds": 600,
    "step": 60,
    "step_rounding": "down",
}
# 0.30 a kWh, and 0.05 for each full idle minute after ten; 19 % tax on the sum.
PARKING = {
    **ENERGY,
    "tax_rounding": "sum",
    "components": [*ENERGY["components"], IDLE],
}
LATER = after(24 * 60)


def a_site(name: str = "Harbour", **fields: Any) -> Site:
    """A place in Germany."""
    return Site.objects.create(name=name, country="DE", time_zone="Europe/Berlin", **fields)


def a_station(cp_id: str = "CP-1", site: Site | None = None) -> ChargingStation:
    """A station at a site."""
    return given.a_station(cp_id, site=site or a_site())


def a_driver(name: str = "ann", tag: str = "CARD-1") -> User:
    """A person with a card."""
    user = User.objects.create(username=name)
    given.a_card(tag, user=user)
    return user


def a_tariff(name: str = "Standard", terms: Any = ENERGY, **more: Any) -> Tariff:
    """A tariff that has always been valid, assigned to nothing."""
    return tariffs.define(name=name, terms=terms, at=after(-600), **more).tariff


def everywhere(terms: Any = ENERGY) -> Tariff:
    """The tariff that counts where nothing else does."""
    tariff = a_tariff(terms=terms)
    tariffs.assign(tariff=tariff, level="everywhere")
    return tariff


def charged(station: ChargingStation, *, tag: str = "CARD-1", wh: int = 10_000, **more: Any) -> int:
    """A session of an hour from noon that took ``wh``; gives its number."""
    began = given.begin(station, tag=tag, **more)
    given.finish(station, began.transaction_id, minute=more.get("minute", 0) + 60, meter=1000 + wh)
    return began.transaction_id


def frozen(session_id: int) -> SessionTariff:
    """The tariff a session keeps."""
    return SessionTariff.objects.select_related("version__tariff").get(session=session_id)


def new_version(tariff: Tariff, price: str, at: datetime = NOON) -> TariffVersion:
    """The tariff at another price for a kWh."""
    terms = {**ENERGY, "components": [{"kind": "energy", "price": price}]}
    return tariffs.publish(tariff_id=tariff.pk, terms=terms, at=at)


def bill_all(at: datetime = LATER, limit: int = 200) -> int:
    """Run the batches until nothing is left; how many bills were made."""
    made, last = 0, 0
    while True:
        run = bills.bill_ended(at=at, after=last, limit=limit)
        made += run.billed
        if run.last is None:
            return made
        last = run.last


def a_bill_of_nothing(session: ChargingSession, tariff: Tariff) -> SessionBill:
    """What a session cost that cost nothing."""
    nothing = {"net": 0, "tax": 0, "gross": 0, "charging_seconds": 0, "idle_seconds": 0}
    return SessionBill.objects.create(
        session=session,
        revision=1,
        version=tariff.versions.get(),
        currency=tariff.currency,
        energy_wh=0,
        ended_at=LATER,
        billed_at=LATER,
        **nothing,
    )


def session(number: int) -> ChargingSession:
    """The session as it is stored now."""
    return given.session(number)
