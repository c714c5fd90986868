"""What drivers ask for: sessions by their own cards, and the end of their own sessions."""

from __future__ import annotations

import pytest

from cms.accounts.models import User
from cms.drivers import charging, verbs
from cms.drivers.envelope import Refused
from cms.drivers.verbs import NotAllowed
from rfid.models import RfidCard
from stations.models import ChargingStation, Command, Site
from stations.services.assignments import Asker
from stations.services.limits import Limit
from tests.drivers.given import a_driver, presented
from tests.stations import given
from tests.stations.given import NOON

pytestmark = pytest.mark.django_db
START = {"chargePointId": "CP-1", "connectorId": 1, "idTag": "ANN-1"}


@pytest.fixture
def ann():
    return presented(a_driver())


@pytest.fixture
def station(ann):
    return given.a_connected_station()


def start(who, key="k", **data):
    return charging.start(who, {**START, **data}, key=key, at=NOON)


def stop(who, number, key="s", **data):
    said = {"chargePointId": "CP-1", "transactionId": number, **data}
    return charging.stop(who, said, key=key, at=NOON)


def test_a_start_asks_the_station_with_the_card_as_it_is_stored(ann, station):
    command = start(ann, idTag="ann-1")
    assert command.action == "RemoteStartTransaction"
    assert command.payload == {"connectorId": 1, "idTag": "ANN-1"}
    assert command.requested_by_id == ann.user_id


def test_the_same_request_twice_asks_once(ann, station):
    assert start(ann).pk == start(ann).pk
    assert Command.objects.count() == 1


def test_who_taps_twice_before_the_station_answered_asks_once(ann, station):
    assert start(ann, "first").pk == start(ann, "second").pk
    assert Command.objects.count() == 1


def test_who_asks_again_once_it_was_refused_asks_anew(ann, station):
    refused = start(ann, "first")
    Command.objects.filter(pk=refused.pk).update(status="Answered", answer_status="Rejected")
    assert start(ann, "second").status == "Waiting"
    assert Command.objects.count() == 2


def test_another_limit_is_another_wish(ann, station):
    card, asker = RfidCard.objects.get(), Asker(at=NOON, requested_by_id=ann.user_id)
    wishes = [
        verbs.begin(card=card, station=station, connector_id=1, asker=asker, limit=limit).pk
        for limit in (None, Limit(minutes=5), Limit(minutes=6), Limit(minutes=5), None)
    ]
    assert [wishes.index(one) for one in wishes] == [0, 1, 2, 1, 0]


def test_a_shut_account_starts_and_stops_nothing(ann, station):
    begun = given.begin(station, tag="ANN-1").transaction_id
    User.objects.update(is_active=False)
    for ask in (lambda: start(ann), lambda: stop(ann, begun)):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.code == "NOT_AUTHENTICATED"
    assert not Command.objects.exists()


def test_who_works_for_some_sites_starts_there_only(ann, station):
    here, elsewhere = (Site.objects.create(name=name) for name in ("Here", "Elsewhere"))
    ChargingStation.objects.update(site=elsewhere)
    User.objects.get().sites.add(here)
    with pytest.raises(Refused) as refused:
        start(ann)
    assert [*refused.value.details] == ["chargePointId"]
    ChargingStation.objects.update(site=here)
    assert start(ann).station == station


def test_letter_case_of_a_charge_point_does_not_count(ann, station):
    begun = given.begin(station, tag="ANN-1").transaction_id
    assert start(ann, chargePointId="cp-1").station == station
    assert stop(ann, begun, chargePointId="cp-1").payload == {"transactionId": begun}


@pytest.mark.parametrize("name", ["chargePointId", "connectorId", "idTag"])
def test_what_is_missing_is_named(ann, station, name):
    with pytest.raises(Refused) as refused:
        start(ann, **{name: None})
    assert refused.value.code == "MISSING_PARAMETERS"
    assert refused.value.details == {"missing": [name]}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("connectorId", 0, "INVALID_REQUEST"),
        ("connectorId", "first", "INVALID_REQUEST"),
        ("connectorId", True, "INVALID_REQUEST"),
        ("connectorId", 1.5, "INVALID_REQUEST"),
        ("chargePointId", "CP-9", "INVALID_REQUEST"),
        ("chargePointId", ["CP-1"], "INVALID_REQUEST"),
        ("chargePointId", "\0", "INVALID_REQUEST"),
        ("idTag", "BOB-1", "NOT_AUTHORIZED"),
        ("idTag", "x" * 300, "NOT_AUTHORIZED"),
        ("idTag", {"a": 1}, "NOT_AUTHORIZED"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name_and_nothing_is_asked(ann, station, name, value, code):
    a_driver("bob", "BOB-1")
    with pytest.raises(Refused) as refused:
        start(ann, **{name: value})
    assert refused.value.code == code
    assert list(refused.value.details) == [name]
    assert not Command.objects.exists()


def test_who_says_to_be_somebody_else_is_refused(ann, station):
    assert start(ann, userId=str(ann.user_id))
    assert start(ann, userId="ann")
    with pytest.raises(Refused) as refused:
        start(ann, userId="bob")
    assert refused.value.code == "NOT_AUTHORIZED"


def test_a_station_that_is_away_is_offline(ann):
    given.a_station()
    with pytest.raises(Refused) as refused:
        start(ann)
    assert refused.value.code == "CHARGE_POINT_OFFLINE"


def test_a_blocked_card_may_not_and_the_driver_is_told_why(ann, station):
    RfidCard.objects.update(status="Blocked")
    with pytest.raises(NotAllowed, match="blocked"):
        start(ann)
    assert not Command.objects.exists()


def test_a_session_of_theirs_is_stopped_by_its_number_or_its_text(ann, station):
    number = given.begin(station, tag="ANN-1").transaction_id
    command = stop(ann, number)
    assert command.payload == {"transactionId": number}
    assert stop(ann, str(number)).pk == command.pk


def test_a_session_of_somebody_else_is_not_theirs_to_stop(ann, station):
    a_driver("bob", "BOB-1")
    number = given.begin(station, tag="BOB-1").transaction_id
    with pytest.raises(Refused) as refused:
        stop(ann, number)
    assert refused.value.code == "NOT_AUTHORIZED"
    assert not Command.objects.exists()


def test_a_session_of_nobody_we_know_is_not_theirs_either(ann, station):
    number = given.begin(station, tag="STRANGER").transaction_id
    with pytest.raises(Refused) as refused:
        stop(ann, number)
    assert refused.value.code == "NOT_AUTHORIZED"


@pytest.mark.parametrize(
    ("number", "code"),
    [(4711, "TRANSACTION_NOT_FOUND"), (2**31, "INVALID_REQUEST"), ("x", "INVALID_REQUEST")],
)
def test_a_session_that_is_none_is_said_so(ann, station, number, code):
    with pytest.raises(Refused) as refused:
        stop(ann, number)
    assert refused.value.code == code


def test_the_charge_point_has_to_be_that_of_the_session(ann, station):
    number = given.begin(station, tag="ANN-1").transaction_id
    with pytest.raises(Refused) as refused:
        stop(ann, number, chargePointId="CP-2")
    assert list(refused.value.details) == ["chargePointId"]


def test_what_has_ended_needs_no_stop(ann, station):
    started = given.begin(station, tag="ANN-1")
    given.finish(station, started.transaction_id)
    assert stop(ann, started.transaction_id) is None


def test_a_start_is_over_when_its_session_is_there(ann, station):
    command = start(ann)
    assert verbs.started(command) is None
    Command.objects.update(sent_at=NOON)
    number = given.begin(station, tag="ANN-1").transaction_id
    assert verbs.started(command) == number
