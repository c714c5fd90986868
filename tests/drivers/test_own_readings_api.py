"""What the meter showed during a session, for its driver: all of it, and nobody else's."""

from __future__ import annotations

import pytest

from rfid.models import RfidCard
from stations.models import Site
from tests.billing import charging
from tests.drivers.conftest import logged_in
from tests.stations import given
from tests.stations.given import after

MEMBERS = ["id", "timestamp", "context", "meterValue", "powerW", "currentA", "voltageV"]


@pytest.fixture
def priced(db):
    """Sessions have a tariff, and are billed."""
    charging.everywhere()


@pytest.fixture
def charged(harbour):
    """Ann's session with a reading at each of three minutes."""
    number = given.begin(harbour, tag="ANN-1").transaction_id
    for minute in (30, 10, 20):  # one was kept back by the station
        given.meter(given.a_reading(harbour, number, minute=minute, energy=1000 + 100 * minute))
    return number


def path(number: int) -> str:
    """Its readings."""
    return f"/api/me/sessions/{number}/meter-values"


def test_readings_come_in_the_order_of_their_measuring(app, charged):
    shown = app.get(path(charged)).json()
    assert [one["meterValue"] for one in shown] == [2000, 3000, 4000]
    assert shown[0]["timestamp"] == after(10).isoformat().replace("+00:00", "Z")
    assert [*shown[0]] == [*MEMBERS, "socPercent"]


def test_they_come_in_pages(app, charged):
    first = app.get(f"{path(charged)}?limit=2")
    rest = app.get(first["Link"].partition(">")[0].lstrip("<"))
    assert [one["meterValue"] for one in first.json()] == [2000, 3000]
    assert [one["meterValue"] for one in rest.json()] == [4000]
    assert not rest.has_header("Link")


def test_they_stay_when_the_session_has_ended(app, charged, harbour):
    given.finish(harbour, charged, minute=40, meter=5000)
    assert [one["meterValue"] for one in app.get(path(charged)).json()] == [2000, 3000, 4000]


def test_readings_of_others_are_not_there(charged, bob):
    theirs = logged_in(bob).get(path(charged))
    nobodys = logged_in(bob).get(path(987654321))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()


def test_a_driver_who_works_for_another_site_sees_their_own(app, ann, charged):
    ann.sites.set([Site.objects.create(name="Elsewhere")])
    assert len(app.get(path(charged)).json()) == 3


def test_a_card_that_changes_hands_takes_no_readings_along(priced, app, ann, bob, charged, harbour):
    given.finish(harbour, charged, minute=40, meter=5000)
    charging.bill_all(at=after(10 * 24 * 60))
    RfidCard.objects.filter(user=ann).update(user=bob)
    assert len(app.get(path(charged)).json()) == 3
    assert logged_in(bob).get(path(charged)).status_code == 404


def test_many_readings_cost_as_many_queries_as_one(
    app, charged, harbour, django_assert_num_queries
):
    for minute in range(31, 60):
        given.meter(given.a_reading(harbour, charged, minute=minute))
    with django_assert_num_queries(3):
        assert len(app.get(path(charged)).json()) == 32
