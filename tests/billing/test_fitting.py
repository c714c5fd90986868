"""Bills that no longer fit what is known of their sessions are found, shown, and never changed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import SessionBill, SessionTariff
from billing.services import bills, fitting
from cms.shared.errors import Conflict
from stations.models import ChargingSession, StatusChange
from tests.billing.charging import (
    ENERGY,
    LATER,
    PARKING,
    a_driver,
    a_station,
    bill_all,
    charged,
    everywhere,
    frozen,
    new_version,
)
from tests.stations import given
from tests.stations.given import after

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_bill(terms=ENERGY, **more) -> int:
    """A billed session of 10 kWh."""
    station = a_station()
    a_driver()
    everywhere(terms)
    number = charged(station, **more)
    assert bill_all() == 1
    return number


def misfit(number: int) -> str:
    return frozen(number).misfit


def test_a_bill_is_looked_at_an_hour_a_day_a_week_and_a_month_later():
    number = a_bill()
    seen = []
    while (due := frozen(number).check_at) is not None:
        assert fitting.look_again(at=due - timedelta(seconds=1)) == 0
        assert fitting.look_again(at=due) == 1
        seen.append(due - LATER)
    assert tuple(seen) == fitting.LOOKS
    assert misfit(number) == ""


def test_energy_that_was_corrected_shows_and_bills_nothing():
    number = a_bill()
    ChargingSession.objects.filter(pk=number).update(energy_wh=20_000)
    fitting.look_again(at=LATER + HOUR)
    row = frozen(number)
    assert row.misfit == "It would cost 7.14 EUR now, not 3.57 EUR"
    assert row.misfit_since == LATER + HOUR
    assert SessionBill.objects.count() == 1
    fitting.look_again(at=LATER + 3 * DAY)
    assert frozen(number).misfit_since == LATER + HOUR


def test_statuses_that_arrive_late_show():
    number = a_bill(PARKING)
    connector = given.connector(ChargingSession.objects.get(pk=number).station)
    for status, minute in (("SuspendedEV", 10), ("Available", 60)):
        at = after(minute)
        StatusChange.objects.create(
            connector=connector, status=status, reported_at=at, received_at=LATER
        )
    fitting.look_again(at=LATER + HOUR)
    assert "It would cost 5.95 EUR now" in misfit(number)


def test_meter_values_that_arrive_late_show_where_the_time_of_day_counts():
    evening = {"kind": "energy", "price": "0.10", "when": {"between": "13:30-23:00"}}
    station = a_station()
    a_driver()
    everywhere({**ENERGY, "components": [evening, {"kind": "energy", "price": "0.30"}]})
    number = charged(station)
    bill_all()
    given.meter(given.a_reading(station, number, minute=30, energy=10_500))
    fitting.look_again(at=LATER + HOUR)
    assert "It would cost" in misfit(number)


def test_a_session_under_way_again_shows_at_once_and_is_not_priced():
    station = a_station()
    a_driver()
    everywhere()
    first = given.begin(station, minute=0).transaction_id
    given.finish(station, -1, minute=60, meter=11_000)
    assert bill_all() == 1
    given.begin(station, minute=30, connector=2, meter=5_000)
    assert ChargingSession.objects.get(pk=first).is_open
    soon = frozen(first).check_at
    assert soon is not None
    assert soon < LATER
    fitting.look_again(at=LATER)
    assert misfit(first) == "The session is under way again"
    with pytest.raises(Conflict, match="under way again"):
        bills.reprice(session_id=first, reason="x", at=LATER)


def test_pricing_anew_clears_it():
    number = a_bill()
    ChargingSession.objects.filter(pk=number).update(energy_wh=20_000)
    fitting.look_again(at=LATER + HOUR)
    bill = bills.reprice(session_id=number, reason="meter", at=LATER + 2 * HOUR)
    row = frozen(number)
    assert (row.misfit, row.misfit_since, row.check_at) == ("", None, LATER + 3 * HOUR)
    assert bill.gross == Decimal("7.14")
    fitting.look_again(at=LATER + 3 * HOUR)
    assert misfit(number) == ""


def test_what_fits_again_is_no_longer_shown():
    number = a_bill()
    ChargingSession.objects.filter(pk=number).update(energy_wh=20_000)
    fitting.look_again(at=LATER + HOUR)
    ChargingSession.objects.filter(pk=number).update(energy_wh=10_000)
    fitting.look_again(at=LATER + 3 * DAY)
    assert (misfit(number), frozen(number).misfit_since) == ("", None)


def test_a_new_price_by_another_tariff_fits():
    number = a_bill()
    dearer = new_version(frozen(number).version.tariff, "0.40", LATER)
    bills.reprice(session_id=number, reason="typo", version=dearer, at=LATER + HOUR)
    fitting.look_again(at=LATER + 2 * HOUR)
    assert misfit(number) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"needs_review": True}, "waits for review again"),
        ({"billable": False}, "was discarded after it was billed"),
    ],
)
def test_what_was_decided_of_a_session_after_its_bill_shows(change, said):
    number = a_bill()
    ChargingSession.objects.filter(pk=number).update(**change)
    fitting.look_again(at=LATER + HOUR)
    assert said in misfit(number)


def test_a_usual_stop_asks_nothing_more(monkeypatch):
    told = []
    monkeypatch.setattr("stations.hooks.session_changed", [lambda *what: told.append(what)])
    station = a_station()
    charged(station)
    assert not told


def test_as_many_queries_for_many_bills(django_assert_num_queries):
    station = a_station()
    a_driver()
    everywhere(PARKING)
    for minute in range(0, 700, 70):
        charged(station, minute=minute)
    bill_all()
    with django_assert_num_queries(8):
        assert fitting.look_again(at=LATER + HOUR) == 10


def test_all_that_is_due_is_looked_at_in_batches(monkeypatch):
    station = a_station()
    a_driver()
    everywhere()
    for minute in range(0, 350, 70):
        charged(station, minute=minute)
    bill_all()
    monkeypatch.setattr(fitting, "BATCH", 2)
    monkeypatch.setattr(fitting.look_again, "__kwdefaults__", {"limit": 2})
    assert fitting.look_at_all(at=LATER + HOUR) == 5
    assert not SessionTariff.objects.filter(check_at__lte=LATER + HOUR).exists()
