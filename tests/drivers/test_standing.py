"""How sessions stand, as drivers are told: from the rows, in few queries whatever their number."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from cms.drivers import standing
from cms.drivers.standing import METER_UPDATE, STATUS_UPDATE
from stations.hooks import Cost
from tests.billing import charging
from tests.drivers.given import a_driver
from tests.stations import given
from tests.stations.given import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return a_driver()


def session(cp_id="CP-1", tag="ANN-1"):
    """One that is under way, with a reading."""
    station = given.a_connected_station(cp_id)
    number = given.begin(station, tag=tag).transaction_id
    given.meter(given.a_reading(station, number, minute=5, energy=3000, power=7400))
    return station, number


def told(before, now):
    """By kind, what the driver is told."""
    return {kind: json.loads(frame)["data"] for kind, frame in standing.news(before, now, NOON)}


def test_a_session_stands_as_it_was_metered(ann):
    _, number = session()
    [now] = standing.of_users([ann.pk])
    assert (now.session_id, now.user_id, now.is_open) == (number, ann.pk, True)
    said = told(None, now)
    assert said[METER_UPDATE]["meterValue"]["energyImportKWh"] == 3.0
    assert said[METER_UPDATE]["meterValue"]["powerKw"] == 7.4
    assert said[METER_UPDATE]["energyKWh"] == 2.0
    assert said[STATUS_UPDATE]["transactionId"] == number


def test_what_is_not_theirs_is_not_found(ann):
    a_driver("bob", "BOB-1")
    session(tag="BOB-1")
    assert standing.of_users([ann.pk]) == []


def test_a_session_by_a_card_of_nobody_is_told_to_nobody(ann):
    given.a_card("LOST-1")
    _, number = session(tag="LOST-1")
    assert standing.of_sessions([number]) == []


def test_what_it_costs_by_now_is_told_with_it(ann):
    charging.everywhere()
    _, number = session()
    [now] = standing.priced(standing.of_sessions([number]), given.after(10))
    said = told(None, now)[METER_UPDATE]
    assert float(said["cost"]) > 0
    assert said["currency"] == "EUR"


def test_only_what_changed_is_told(ann):
    station, number = session()
    [before] = standing.of_sessions([number])
    given.meter(given.a_reading(station, number, minute=6, energy=4000, power=7400))
    [now] = standing.of_sessions([number])
    assert list(told(before, now)) == [METER_UPDATE]
    assert told(now, now) == {}
    dearer = now._replace(cost=Cost(Decimal(2), "EUR"))
    assert told(now, dearer)[METER_UPDATE]["cost"] == "2"


def test_its_end_is_told_with_its_sums(ann):
    station, number = session()
    [before] = standing.of_sessions([number])
    given.finish(station, number)
    [now] = standing.of_sessions([number])
    said = told(before, now)[STATUS_UPDATE]
    assert (said["sessionStatus"], said["energyKWh"]) == ("Completed", 8.0)


def test_many_take_as_few_queries_as_one(ann, django_assert_num_queries):
    numbers = []
    for number in range(12):
        a_driver(f"driver-{number}", f"TAG-{number}")
        numbers.append(session(f"CP-{number}", f"TAG-{number}")[1])
    with django_assert_num_queries(2):
        standing.of_sessions(numbers)


def test_each_reading_is_told_also_before_the_row_is_written(ann, settings):
    settings.LIVEMETRICS_DB_UPDATE_INTERVAL = 3_600_000
    station, number = session()
    [before] = standing.of_sessions([number])
    given.meter(given.a_reading(station, number, minute=6, energy=3500, power=7300))
    assert given.session(number).energy_wh == 0
    [now] = standing.of_sessions([number])
    said = told(before, now)[METER_UPDATE]
    assert (said["energyKWh"], said["meterValue"]["powerKw"]) == (2.5, 7.3)
