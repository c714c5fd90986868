"""A session that was asked for with a limit is stopped when it took as much as it may."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cms.shared.errors import DomainError
from stations import hooks
from stations.models import ChargingStation, Command, SessionLimit
from stations.services import limits
from stations.services.assignments import Asker
from stations.services.limits import Limit
from tests.stations import given
from tests.stations.talking import hear

START = {"idTag": "CARD-1", "connectorId": 1}


def accepted(*_):
    return {"status": "Accepted"}


def asked(station, answers=accepted, minute=0, key=None, **limit):
    """A remote start with a limit, which the station answered."""
    asker = Asker(given.after(minute), idempotency_key=key)
    command = limits.start(station=station, payload=START, asker=asker, limit=Limit(**limit))
    hear(station, answers, at=given.after(minute))
    return command


def begun(station, minute=1, **more):
    return given.begin(station, minute=minute, **more).transaction_id


def metered(station, session, minute, energy):
    given.meter(given.a_reading(station, session, minute=minute, energy=energy))


def stops():
    return [row.payload for row in Command.objects.filter(action="RemoteStopTransaction")]


def enforce(minute):
    return limits.enforce(at=given.after(minute))


def state():
    return SessionLimit.objects.get().state


def test_a_session_that_took_its_energy_is_asked_to_stop(connected, card):
    asked(connected, energy_wh=5000)
    session = begun(connected)
    metered(connected, session, 10, 5999)
    assert enforce(10) == 0
    assert state() == "Counting"
    metered(connected, session, 11, 6000)
    assert enforce(11) == 1
    assert stops() == [{"transactionId": session}]
    row = SessionLimit.objects.get()
    assert (row.state, row.reached, row.session_id) == ("Reached", "Energy", session)


def test_a_session_whose_minutes_are_over_is_asked_to_stop_without_a_reading(connected, card):
    asked(connected, minutes=30)
    session = begun(connected, minute=1)
    assert enforce(30.9) == 0
    assert enforce(31) == 1
    assert stops() == [{"transactionId": session}]
    assert SessionLimit.objects.get().reached == "Time"


def test_a_session_that_costs_as_much_as_it_may_is_asked_to_stop(connected, card, monkeypatch):
    price = {"now": Decimal("4.99")}

    def costs(numbers, at):
        return {number: hooks.Cost(price["now"], "EUR") for number in numbers}

    monkeypatch.setattr(hooks, "session_costs", [costs])
    asked(connected, amount=Decimal(5))
    session = begun(connected)
    assert enforce(2) == 0
    price["now"] = Decimal("5.00")
    assert enforce(3) == 1
    assert stops() == [{"transactionId": session}]
    assert SessionLimit.objects.get().reached == "Cost"


def test_a_session_without_a_price_reaches_no_limit_of_money(connected, card):
    asked(connected, amount=Decimal(5))
    begun(connected)
    assert enforce(600) == 0
    assert state() == "Counting"


def test_whichever_of_several_limits_comes_first_counts(connected, card):
    asked(connected, energy_wh=50_000, minutes=10)
    begun(connected)
    assert enforce(11) == 1
    assert SessionLimit.objects.get().reached == "Time"


def test_a_limit_is_over_with_its_session(connected, card):
    asked(connected, energy_wh=5000)
    session = begun(connected)
    enforce(2)
    given.finish(connected, session, minute=5, meter=1500)
    assert enforce(6) == 0
    assert (state(), stops()) == ("Over", [])


def test_a_station_that_goes_on_is_asked_again_after_a_minute_and_not_for_ever(connected, card):
    asked(connected, minutes=1)
    begun(connected)
    assert [enforce(2), enforce(2.5), enforce(3)] == [1, 0, 1]
    for minute in range(4, 60):
        enforce(minute)
    assert len(stops()) == 10


def test_a_station_that_is_away_is_asked_when_it_is_back(connected, card):
    asked(connected, minutes=1)
    begun(connected)
    ChargingStation.objects.update(online=False, connection_id="")
    assert enforce(3) == 0
    given.a_connected_station()
    assert enforce(4) == 1


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, "NotSupported"], ids=str)
def test_a_start_the_station_refused_has_no_limit_any_more(connected, answer):
    asked(connected, lambda *_: answer, energy_wh=5000)
    enforce(1)
    assert state() == "Over"


def test_a_start_without_an_answer_keeps_its_limit_for_the_session_that_may_come(connected, card):
    asked(connected, lambda *_: None, energy_wh=5000)
    session = begun(connected, 2)
    enforce(3)
    assert SessionLimit.objects.get().session_id == session


def test_a_session_nobody_began_is_not_waited_for_for_ever(connected):
    asked(connected, energy_wh=5000)
    enforce(59)
    assert state() == "Waiting"
    enforce(61)
    assert state() == "Over"


def test_the_session_of_another_card_is_not_limited(connected, card):
    given.a_card("OTHER")
    asked(connected, minutes=1)
    begun(connected, tag="OTHER")
    assert enforce(10) == 0
    assert SessionLimit.objects.get().session_id is None


def test_asked_twice_with_one_key_it_is_one_start_with_one_limit(connected):
    first = asked(connected, key="k", energy_wh=5000)
    again = asked(connected, key="k", energy_wh=5000)
    assert first == again
    assert SessionLimit.objects.count() == 1


def test_a_start_without_a_limit_keeps_no_row(connected):
    asked(connected)
    assert not SessionLimit.objects.exists()


@pytest.mark.parametrize("limit", [{"energy_wh": 0}, {"minutes": -1}, {"amount": Decimal(0)}])
def test_a_limit_of_nothing_is_refused_by_its_field_and_nothing_is_sent(connected, limit):
    with pytest.raises(DomainError) as refused:
        asked(connected, **limit)
    assert refused.value.fields == {next(iter(limit)): ["should be above zero"]}
    assert not Command.objects.exists()


def test_many_limits_are_all_looked_at(connected, card, monkeypatch):
    monkeypatch.setattr(limits, "_BATCH", 2)
    for number in range(5):
        given.a_card(f"C-{number}")
        payload = {"idTag": f"C-{number}", "connectorId": number + 2}
        asker = Asker(given.NOON)
        limits.start(station=connected, payload=payload, asker=asker, limit=Limit(minutes=1))
        hear(connected, accepted, at=given.NOON)
        begun(connected, connector=number + 2, tag=f"C-{number}")
    assert enforce(5) == 5


def test_a_limit_counts_what_was_read_also_before_the_row_is_written(connected, card, settings):
    settings.LIVEMETRICS_DB_UPDATE_INTERVAL = 3_600_000
    asked(connected, energy_wh=5000)
    session = begun(connected)
    metered(connected, session, 11, 6000)
    assert given.session(session).energy_wh == 0
    assert enforce(11) == 1
