"""What FlexiCharge's callers looked up: by serial number, by user, what is free, what was paid."""

from __future__ import annotations

import pytest

from billing.models import Payment
from cms.accounts.models import User
from rfid.services import cards
from stations.models import ChargingStation
from stations.services import connectors, reservations, stations
from tests.api.conftest import NOW, charge
from tests.billing import given, paying


def listed(api, path: str, name: str = "id") -> list:
    """One member of each row."""
    answer = api.get(f"/api/{path}")
    assert answer.status_code == 200, answer.json()
    return [row[name] for row in answer.json()]


def test_a_station_by_its_serial_number(api, station):
    ChargingStation.objects.filter(pk=station.pk).update(serial_number="abc117")
    stations.create(cp_id="OTHER")
    assert listed(api, "stations?serialNumber=abc117", "ocppIdentifier") == ["CP_001"]
    assert listed(api, "stations?serialNumber=abc118") == []


def test_a_station_is_available_where_it_is_online_with_a_free_outlet(api, online):
    stations.create(cp_id="AWAY")
    assert listed(api, "stations?available=true", "ocppIdentifier") == ["CP_001"]
    assert listed(api, "stations?available=false", "ocppIdentifier") == ["AWAY"]
    for number in (1, 2):
        report = connectors.StatusReport(number, "Charging", "NoError", NOW)
        connectors.set_status(station_id=online.pk, report=report, at=NOW)
    assert listed(api, "stations?available=true") == []


def test_a_station_that_is_out_of_order_is_not_available(api, online):
    report = connectors.StatusReport(0, "Unavailable", "NoError", NOW)
    connectors.set_status(station_id=online.pk, report=report, at=NOW)
    assert listed(api, "stations?available=true") == []


@pytest.fixture
def ann(db) -> User:
    """Somebody with two cards."""
    user = User.objects.create_user("ann")
    for tag in ("ann-1", "ANN-2"):
        cards.create(id_tag=tag, user=user)
    return user


def test_sessions_by_user_are_those_of_their_cards(api, online, ann):
    first, other, last = (
        charge(online, id_tag=tag, begins=NOW.replace(hour=hour))
        for hour, tag in ((10, "ANN-1"), (12, "BOB"), (14, "ANN-2"))
    )
    assert listed(api, f"sessions?userId={ann.pk}") == [last, first]
    assert listed(api, f"sessions?userId={ann.pk}&limit=1") == [last]
    assert listed(api, f"sessions?userId={ann.pk}&station=CP_001") == [last, first]
    assert other not in listed(api, f"sessions?userId={ann.pk}")
    assert listed(api, "sessions?userId=987654") == []


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "9" * 30])
def test_a_user_that_is_none_has_nothing(api, online, number):
    charge(online)
    assert listed(api, f"sessions?userId={number}") == []
    assert listed(api, f"reservations?userId={number}") == []


def test_reservations_by_user_and_by_station(api, online, ann):
    def reserve(connector_id, tag):
        made = reservations.reserve(
            station=online,
            connector_id=connector_id,
            id_tag=tag,
            expires_at=NOW.replace(year=2999),
            at=NOW,
        )
        return made.pk

    theirs, other = reserve(1, "ANN-1"), reserve(2, "BOB")
    assert listed(api, f"reservations?userId={ann.pk}") == [theirs]
    assert listed(api, "reservations?idTag=ann-1") == [theirs]
    assert listed(api, "reservations?station=CP_001") == [other, theirs]


def test_the_payment_and_the_meter_of_a_session(api, online):
    number = charge(online, readings=3, ends=False)
    payer = given.a_user("payer")
    payment = paying.begun(payer, "5", provider="cash")
    Payment.objects.filter(pk=payment.pk).update(session=number)
    assert listed(api, f"payments?customerId=payer&sessionId={number + 1}") == []
    assert listed(api, f"payments?customerId=payer&sessionId={number}") == [payment.pk]
    session = api.get(f"/api/sessions/{number}").json()
    assert (session["startMeterValue"], session["lastMeterValue"]) == (1000, 1002)
