"""A session begins: StartTransaction, its retries, and cards that are refused."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from rfid.models import CardGroup
from rfid.services import cards
from stations.models import ChargingSession, SessionStatus
from stations.services import sessions
from tests.stations import given


def test_it_opens_a_session_for_a_good_card(station, card):
    started = given.begin(station)
    stored = given.session(started)
    assert started.authorization.status == "Accepted"
    assert (stored.status, stored.card, stored.meter_start_wh) == (
        SessionStatus.ACTIVE,
        card,
        1000,
    )
    assert stored.started_at == given.NOON


def test_it_keeps_the_text_of_the_time_and_when_it_was_heard(station, card):
    stored = given.session(given.begin(station, minute=-90, heard=given.NOON))
    assert stored.started_at_raw == given.after(-90).isoformat()
    assert stored.start_received_at == given.NOON


def test_it_gives_the_same_transaction_id_to_a_repeated_start(station, card):
    first, again = given.begin(station), given.begin(station, heard=given.after(5))
    assert again.transaction_id == first.transaction_id
    assert again.authorization.status == "Accepted"
    assert ChargingSession.objects.count() == 1


def test_it_recognises_a_start_repeated_after_the_stop(station, card):
    first = given.begin(station)
    given.finish(station, first.transaction_id)
    assert given.begin(station).transaction_id == first.transaction_id
    assert given.session(first).status == SessionStatus.COMPLETED


def test_it_recognises_a_repeated_start_of_a_refused_card(station):
    first, again = given.begin(station, tag="NOBODY"), given.begin(station, tag="NOBODY")
    assert again == first
    assert again.authorization.status == "Invalid"


@pytest.mark.parametrize(
    "change",
    [{"minute": 1}, {"meter": 1001}, {"tag": "CARD-2"}, {"connector": 2}],
    ids=["time", "meter", "card", "connector"],
)
def test_it_takes_a_start_that_differs_for_another_session(station, card, change):
    first, other = given.begin(station), given.begin(station, **change)
    assert other.transaction_id != first.transaction_id


def test_two_stations_may_start_at_the_same_moment(station, other_station, card):
    given.a_card("CARD-2")
    first = given.begin(station)
    second = given.begin(other_station, tag="CARD-2")
    assert first.transaction_id != second.transaction_id
    assert given.session(second).status == SessionStatus.ACTIVE


@pytest.mark.parametrize("status", ["Blocked", "Expired"])
def test_a_refused_card_gets_a_positive_transaction_id_and_a_row(station, status):
    given.a_card(status=status)
    started = given.begin(station)
    assert 0 < started.transaction_id < 2**31
    assert started.authorization.status == status
    assert given.session(started).authorization == status


def test_an_unknown_card_gets_a_positive_transaction_id_and_a_row(station):
    started = given.begin(station, tag="NOBODY")
    assert started.transaction_id > 0
    stored = given.session(started)
    assert (stored.authorization, stored.card, stored.id_tag) == ("Invalid", None, "NOBODY")


def test_it_finds_the_card_whatever_the_letter_case(station, card):
    started = given.begin(station, tag="card-1")
    assert started.authorization.status == "Accepted"
    assert given.session(started).card == card
    assert given.session(started).id_tag == "card-1"


def test_a_card_that_charges_at_another_station_is_concurrent(station, other_station, card):
    given.begin(other_station)
    started = given.begin(station, minute=1)
    assert started.authorization.status == "ConcurrentTx"
    assert given.session(started).authorization == "ConcurrentTx"


def test_authorize_says_concurrent_only_of_other_stations(station, other_station, card):
    given.begin(station)
    ask = {"id_tag": "CARD-1", "at": given.NOON}
    assert sessions.authorize(station_id=station.pk, **ask).status == "Accepted"
    assert sessions.authorize(station_id=other_station.pk, **ask).status == "ConcurrentTx"


def test_a_card_is_free_again_once_its_session_ended(station, other_station, card):
    given.finish(other_station, given.begin(other_station).transaction_id)
    assert given.begin(station, minute=61).authorization.status == "Accepted"


def test_a_refused_attempt_elsewhere_does_not_make_the_driver_concurrent_at_home(
    station, other_station, card
):
    given.begin(station)
    assert given.begin(other_station, minute=1).authorization.status == "ConcurrentTx"
    home = sessions.authorize(station_id=station.pk, id_tag="CARD-1", at=given.after(2))
    assert home.status == "Accepted"


def test_it_makes_a_connector_nobody_reported_yet(station, card):
    given.begin(station, connector=3)
    assert given.connector(station, 3).connector_id == 3


@pytest.mark.parametrize("number", [-1, 1001, 2**40])
def test_it_refuses_a_number_no_connector_has(station, card, number):
    with pytest.raises(DomainError, match="connectorId"):
        given.begin(station, connector=number)
    assert not ChargingSession.objects.exists()


def test_it_keeps_registers_above_32_bits(station, card):
    started = given.begin(station, meter=2**40)
    given.finish(station, started.transaction_id, meter=2**40 + 7)
    assert given.session(started).energy_wh == 7


def test_it_asks_the_database_as_often_for_the_thousandth_start_as_for_the_first(
    station, card, django_assert_max_num_queries
):
    given.finish(station, given.begin(station).transaction_id)
    with django_assert_max_num_queries(18):
        given.begin(station, minute=90)


def test_a_start_remembers_the_group_of_the_card(station):
    group = CardGroup.objects.create(name="Family", parent_id_tag="FAMILY")
    given.a_card(group=group)
    started = given.begin(station)
    assert started.authorization.parent_id_tag == "FAMILY"
    assert given.begin(station).authorization.parent_id_tag == "FAMILY"


def test_a_card_blocked_after_the_start_keeps_the_answer_of_the_start(station, card):
    given.begin(station)
    cards.block(card=card)
    assert given.begin(station).authorization.status == "Accepted"
