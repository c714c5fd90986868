"""A remote start or stop the station accepted is followed until its session begins or ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ocpp_gateway import outbox
from ocpp_gateway.rpc import Late
from stations.models import Command, CommandEffect, ConfigurationKey
from stations.services import commands, effects
from tests.stations import given
from tests.stations.talking import hear

START, STOP = "RemoteStartTransaction", "RemoteStopTransaction"


def asked(station, action=START, status="Accepted", *, minute=0, **payload):
    """A command the station answered at ``minute``."""
    body = payload or {"idTag": "CARD-1", "connectorId": 1}
    commands.request(station=station, action=action, payload=body, at=given.after(minute))
    hear(station, lambda *_: {"status": status}, at=given.after(minute))
    return Command.objects.latest("pk")


def follow(minute):
    return effects.follow(at=given.after(minute))


def effect(command):
    row = CommandEffect.objects.filter(command=command).first()
    return row and (row.state, row.session_id)


def begun(station, minute, **more):
    return given.begin(station, minute=minute, **more).transaction_id


def test_a_start_that_leads_to_a_session_is_seen(connected, card):
    command = asked(connected)
    assert effect(command) == ("Awaited", None)
    number = begun(connected, 1)
    assert follow(1) == 1
    assert effect(command) == ("Seen", number)
    assert given.kinds() == []


def test_the_letter_case_of_the_card_does_not_count(connected, card):
    command = asked(connected, idTag="card-1")
    number = begun(connected, 1, connector=2)
    follow(1)
    assert effect(command) == ("Seen", number)


def test_a_start_that_leads_to_nothing_is_missing_after_its_time(connected):
    command = asked(connected)
    assert follow(2) == 0
    assert effect(command) == ("Awaited", None)
    assert follow(3) == 1
    assert effect(command) == ("Missing", None)
    case = given.case("NoEffect")
    assert (case.station, case.id_tag) == (connected, "CARD-1")
    assert case.evidence["command"] == command.pk
    assert "nothing followed" in case.reason
    assert case.ways == ("acknowledge",)


@pytest.mark.parametrize(("told", "minutes"), [("600", 10), ("30", 0.5), ("9999999", 2), ("x", 2)])
def test_its_time_is_what_the_station_says_it_waits_for_the_cable(connected, told, minutes):
    ConfigurationKey.objects.create(
        station=connected, key="ConnectionTimeOut", value=told, read_at=given.NOON
    )
    asked(connected)
    expected = given.after(minutes) + timedelta(seconds=30)
    assert CommandEffect.objects.get().expected_before == expected


@pytest.mark.parametrize("answer", ["Rejected", "Nonsense"])
def test_what_was_not_accepted_is_not_followed(connected, answer):
    assert effect(asked(connected, status=answer)) is None
    assert effect(asked(connected, STOP, answer, transactionId=1)) is None


def test_a_session_of_another_card_connector_station_or_time_is_none_of_it(
    connected, other_station
):
    begun(connected, -5)
    command = asked(connected)
    begun(connected, 1, tag="OTHER")
    begun(connected, 1, connector=2)
    begun(other_station, 1)
    follow(3)
    assert effect(command) == ("Missing", None)


def test_a_session_that_comes_late_is_seen_and_settles_the_case(connected, card):
    command = asked(connected)
    follow(3)
    number = begun(connected, 5)
    assert follow(5) == 1
    assert effect(command) == ("Seen", number)
    assert given.kinds() == []


def test_after_a_while_nobody_looks_any_more(connected, card):
    command = asked(connected)
    follow(3)
    begun(connected, 60)
    assert follow(60) == 0
    assert effect(command) == ("Missing", None)


def test_a_station_that_does_it_again_has_one_case(connected):
    for minute in (0, 10, 20):
        asked(connected, minute=minute)
        follow(minute + 5)
    assert given.case("NoEffect").times_seen == 3


def test_the_next_start_that_works_settles_the_case(connected, card):
    asked(connected)
    follow(30)
    asked(connected, minute=40)
    begun(connected, 41)
    follow(41)
    assert given.kinds() == []


def test_a_stop_that_ends_its_session_is_seen(connected, card):
    number = begun(connected, 0)
    command = asked(connected, STOP, minute=1, transactionId=number)
    follow(2)
    assert effect(command) == ("Awaited", None)
    given.finish(connected, number, minute=2)
    follow(2)
    assert effect(command) == ("Seen", number)


def test_a_stop_after_which_the_session_goes_on_is_missing(connected, card):
    number = begun(connected, 0)
    command = asked(connected, STOP, minute=1, transactionId=number)
    follow(3)
    assert effect(command) == ("Missing", None)
    assert given.case("NoEffect").reason.startswith(STOP)


def test_an_answer_that_came_late_is_followed_as_well(connected, card):
    commands.request(station=connected, action=START, payload={"idTag": "CARD-1"}, at=given.NOON)
    sent = outbox.next_call(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    assert sent is not None
    number, call = sent
    outbox.settle(command_id=number, result=outbox.NO_ANSWER, at=given.after(1))
    late = Late(call, {"status": "Accepted"})
    outbox.settle_late(station_id=connected.pk, late=late, at=given.after(2))
    begun(connected, 3)
    follow(3)
    assert effect(Command.objects.get(pk=number))[0] == "Seen"


def test_who_asked_is_told_when_it_is_settled(
    connected, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr("cms.shared.live.ring_on_commit", lambda *said: told.append(said))
    command = asked(connected)
    told.clear()
    follow(3)
    [(group, message)] = told
    assert group == f"command.{command.pk}"
    assert message == {"type": "command.followed", "id": command.pk, "state": "Missing"}


def test_following_many_asks_two_queries_for_each_at_most(connected, django_assert_max_num_queries):
    for number in range(10):
        asked(connected, idTag=f"CARD-{number}")
    with django_assert_max_num_queries(10 + 4):
        follow(1)
