"""The demo's rows: what the simulated stations are, what charging costs there, who pays."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command

from billing.models import Account, SessionBill, Tariff
from cms.accounts.models import User
from cms.demo import DEMO_CARDS, DEMO_STATIONS
from rfid.models import RfidCard
from stations.models import ChargingStation, Connector, Site
from tests.billing import charging as world
from tests.simulator.fleet import MODELS
from tests.stations.given import NOON, after

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(monkeypatch):
    """Seeded at noon."""
    monkeypatch.setattr("cms.shared.clock.now", lambda: NOON)
    call_command("seed_demo", verbosity=0)


def test_there_are_two_sites_six_stations_six_cards_however_often_it_is_seeded():
    call_command("seed_demo", verbosity=0)
    counted = {
        model: model.objects.count() for model in (Site, ChargingStation, RfidCard, Tariff, User)
    }
    assert counted == {Site: 2, ChargingStation: 6, RfidCard: 6, Tariff: 2, User: 2}
    assert Account.objects.get(kind="Wallet", user__username="demo.anna").balance == 200


def test_the_connectors_are_what_the_simulated_stations_have():
    for number, cp_id in enumerate(DEMO_STATIONS):
        simulated = MODELS[number % len(MODELS)]
        kind = "CCS2" if simulated.dc else "Type 2"
        known = Connector.objects.filter(station__cp_id=cp_id).order_by("connector_id")
        assert [(row.connector_type, row.max_power_w) for row in known] == [
            (kind, int(simulated.max_power_w))
        ] * simulated.connectors


def test_what_an_older_demo_left_blank_is_filled_in():
    Connector.objects.update(connector_type="", max_power_w=None)
    call_command("seed_demo", verbosity=0)
    assert not Connector.objects.filter(connector_type="").exists()


@pytest.mark.parametrize(
    ("cp_id", "card", "total", "payer"),
    [
        ("DEMO-HARBOUR-1", 0, "4.90 EUR", "demo.anna"),
        ("DEMO-HARBOUR-3", 1, "6.90 EUR", "demo.ben"),
        ("DEMO-MARKET-2", 2, "4.50 CHF", None),
    ],
)
def test_ten_kilowatt_hours_have_a_receipt(cp_id, card, total, payer):
    station = ChargingStation.objects.get(cp_id=cp_id)
    session = world.charged(station, tag=DEMO_CARDS[card], minute=1, wh=10_000)
    assert world.bill_all(at=after(24 * 60)) == 1
    bill = SessionBill.objects.get(session=session)
    assert f"{Decimal(bill.gross):.2f} {bill.currency}" == total
    assert (bill.wallet and bill.wallet.user.username) == payer
