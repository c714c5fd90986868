"""What sessions under way cost by now, as limits and pages ask for it."""

from __future__ import annotations

from decimal import Decimal

from billing.services import running
from stations import hooks
from stations.models import Command, SessionLimit
from stations.services import limits
from stations.services.assignments import Asker
from stations.services.limits import Limit
from tests.billing import charging
from tests.stations import given
from tests.stations.talking import hear


def test_each_session_costs_what_it_took_by_now(db, django_assert_max_num_queries):
    charging.everywhere()
    charging.a_driver()
    charging.a_driver("bob", "CARD-2")
    station = charging.a_station()
    first = given.begin(station).transaction_id
    second = given.begin(station, tag="CARD-2", connector=2).transaction_id
    given.meter(
        given.a_reading(station, first, energy=11_000),
        given.a_reading(station, second, energy=21_000, connector=2),
    )
    with django_assert_max_num_queries(2):
        found = running.costs([first, second], given.after(20))
    assert found == {first: (Decimal("3.57"), "EUR"), second: (Decimal("7.14"), "EUR")}


def test_a_session_without_a_tariff_has_no_cost(db):
    station = charging.a_station()
    session = given.begin(station).transaction_id
    assert hooks.costs([session], given.after(20)) == {}


def test_a_session_is_stopped_when_it_costs_as_much_as_it_may(db):
    charging.everywhere()
    charging.a_driver()
    site = charging.a_site()
    charging.a_station(site=site)
    station = given.a_connected_station()
    start = {"idTag": "CARD-1", "connectorId": 1}
    limit = Limit(amount=Decimal("3.57"))
    limits.start(station=station, payload=start, asker=Asker(given.NOON), limit=limit)
    hear(station, lambda *_: {"status": "Accepted"}, at=given.NOON)
    session = given.begin(station, minute=1).transaction_id
    given.meter(given.a_reading(station, session, minute=9, energy=10_900))
    assert limits.enforce(at=given.after(9)) == 0
    given.meter(given.a_reading(station, session, minute=10, energy=11_000))
    assert limits.enforce(at=given.after(10)) == 1
    assert SessionLimit.objects.get().reached == "Cost"
    assert Command.objects.latest("pk").payload == {"transactionId": session}


def test_a_session_costs_what_was_read_also_before_its_row_is_written(db, settings):
    settings.LIVEMETRICS_DB_UPDATE_INTERVAL = 3_600_000
    charging.everywhere()
    charging.a_driver()
    session = given.begin(station := charging.a_station()).transaction_id
    given.meter(given.a_reading(station, session, energy=11_000))
    assert given.session(session).energy_wh == 0
    assert running.costs([session], given.after(20)) == {session: (Decimal("3.57"), "EUR")}
