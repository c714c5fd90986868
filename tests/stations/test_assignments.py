"""Charging profiles at a station: sent, answered, replaced, cleared, over with their session."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations.models import (
    Command,
    CommandStatus,
    CompositeSchedule,
    ProfileAssignment,
    Quirk,
)
from stations.services import assignments, commands, composites
from stations.services.commands import Outcome
from tests.stations import given
from tests.stations.given_profiles import (
    PERIODS,
    answer,
    asker,
    in_force,
    named,
    send,
    state,
)


def assign(station, connector=1, minute=0, key=None, **fields):
    """A named profile, sent to a connector."""
    return assignments.assign(
        profile=named(**fields),
        station=station,
        connector_id=connector,
        asker=asker(minute, idempotency_key=key),
    )


def test_it_asks_the_station(connected):
    row = assign(connected, connector=2)
    command = Command.objects.get()
    assert row.command == command
    assert (row.state, row.connector.connector_id) == ("Requested", 2)
    assert command.action == "SetChargingProfile"
    assert command.payload == {"connectorId": 2, "csChargingProfiles": row.sent}
    assert row.sent["chargingSchedule"]["chargingSchedulePeriod"] == PERIODS


def test_every_one_gets_a_number_of_its_own_at_its_station(connected):
    send(connected, number=41)
    assert [assign(connected, name="A").number, assign(connected, name="B").number] == [42, 43]
    assert assign(given.a_connected_station("CP-2"), name="C").number == 1


def test_a_station_that_is_away_keeps_nothing(station):
    with pytest.raises(StationOffline):
        assign(station)
    assert not ProfileAssignment.objects.exists()


@pytest.mark.parametrize(
    ("word", "then"),
    [
        ("Accepted", "Accepted"),
        ("Rejected", "Rejected"),
        ("NotSupported", "NotSupported"),
        ("Whatever", "Rejected"),
    ],
)
def test_the_stations_answer_is_its_state(connected, word, then):
    row = assign(connected)
    answer(row, word)
    row.refresh_from_db()
    assert (row.state, row.answer) == (then, word)
    assert (row.ended_at is None) == (then == "Accepted")


def test_it_fails_where_the_station_does_not_answer(connected):
    row = assign(connected)
    command = commands.claim_next(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    commands.settle(
        command_id=command.pk, outcome=Outcome(CommandStatus.TIMED_OUT), at=given.after(1)
    )
    assert state(row) == "Failed"
    answer(row, minute=2)  # late, but true
    assert state(row) == "Accepted"


def test_a_repeated_key_sends_once(connected):
    profile = named()
    first, again = (
        assignments.assign(
            profile=profile,
            station=connected,
            connector_id=1,
            asker=asker(idempotency_key="a"),
        )
        for _ in range(2)
    )
    assert first == again
    assert Command.objects.count() == 1


def test_a_key_of_another_command_sends_nothing(connected):
    commands.request(
        station=connected, action="Reset", payload={}, at=given.NOON, idempotency_key="a"
    )
    with pytest.raises(Conflict, match="another command"):
        assign(connected, key="a")


def test_one_of_the_same_purpose_and_level_replaces_the_earlier_at_its_connector(connected):
    first, elsewhere = in_force(connected, number=1), in_force(connected, number=2, connector=2)
    other_level = in_force(connected, number=3, stackLevel=1)
    second = in_force(connected, number=4)
    states = [state(row) for row in (first, elsewhere, other_level, second)]
    assert states == ["Replaced", "Accepted", "Accepted", "Accepted"]


def test_one_of_the_same_number_replaces_the_earlier_anywhere(connected):
    first = in_force(connected, number=1)
    in_force(connected, number=1, connector=2, stackLevel=5)
    assert state(first) == "Replaced"


def test_another_station_has_numbers_of_its_own(connected):
    first = in_force(connected, number=1)
    in_force(given.a_connected_station("CP-2"), number=1)
    assert state(first) == "Accepted"


def test_a_refused_one_replaces_nothing(connected):
    first = in_force(connected, number=1)
    answer(send(connected, number=2), "Rejected")
    assert state(first) == "Accepted"


def test_a_default_of_the_station_does_not_replace_one_of_a_connector(connected):
    first = in_force(connected, number=1)
    in_force(connected, number=2, connector=0)
    assert state(first) == "Accepted"


def clear(station, status="Accepted", **criteria):
    """Ask for it, and the station answers."""
    command = assignments.clear(station=station, asker=asker(), criteria=criteria)
    assert (command.action, command.payload) == ("ClearChargingProfile", criteria)
    assignments.cleared(station_id=station.pk, criteria=criteria, status=status, at=given.after(5))


@pytest.mark.parametrize(
    ("criteria", "cleared"),
    [
        ({}, {1, 2, 3}),
        ({"id": 2}, {2}),
        ({"id": 9}, set()),
        ({"connectorId": 0}, {1}),
        ({"connectorId": 1}, {2, 3}),
        ({"chargingProfilePurpose": "ChargePointMaxProfile"}, {1}),
        ({"stackLevel": 4}, {3}),
        ({"connectorId": 1, "stackLevel": 0}, {2}),
        ({"connectorId": 2, "stackLevel": 0}, set()),
        ({"id": 2, "connectorId": 0}, {2}),
    ],
)
def test_clearing_ends_what_matches(connected, criteria, cleared):
    in_force(connected, number=1, purpose="ChargePointMaxProfile", connector=0)
    in_force(connected, number=2)
    in_force(connected, number=3, stackLevel=4)
    clear(connected, **criteria)
    gone = ProfileAssignment.objects.filter(state="Cleared").values_list("number", flat=True)
    assert set(gone) == cleared


def test_one_the_station_does_not_know_is_gone_as_well(connected):
    row = in_force(connected, number=1)
    clear(connected, "Unknown", id=1)
    row.refresh_from_db()
    assert (row.state, row.answer) == ("Cleared", "Unknown")


def test_clearing_leaves_other_stations_alone(connected):
    row = in_force(given.a_connected_station("CP-2"), number=1)
    clear(connected)
    assert state(row) == "Accepted"


def test_a_profile_of_a_session_needs_one(connected):
    with pytest.raises(DomainError, match="no session") as refused:
        assign(connected, purpose="TxProfile")
    assert list(refused.value.fields) == ["connectorId"]


def test_a_profile_of_a_session_names_it_and_ends_with_it(connected, card):
    started = given.begin(connected)
    row = assign(connected, purpose="TxProfile")
    assert row.sent["transactionId"] == started.transaction_id
    answer(row)
    given.finish(connected, started.transaction_id)
    assert state(row) == "Ended"


def test_it_ends_with_a_session_that_is_inferred_to_be_over(connected, card):
    given.begin(connected)
    row = assign(connected, purpose="TxProfile")
    answer(row)
    given.report(connected, "Available", minute=10)
    assert state(row) == "Ended"


def test_accepted_after_its_session_it_is_over_at_once(connected, card):
    started = given.begin(connected)
    row = assign(connected, purpose="TxProfile")
    given.finish(connected, started.transaction_id)
    answer(row)
    assert state(row) == "Ended"


def test_the_default_of_a_connector_outlives_its_sessions(connected, card):
    row = in_force(connected)
    started = given.begin(connected)
    given.finish(connected, started.transaction_id)
    assert state(row) == "Accepted"


def test_the_session_it_names_is_the_one_under_way(connected, card):
    started = given.begin(connected)
    with pytest.raises(DomainError, match="transactionId"):
        send(connected, purpose="TxProfile", transactionId=started.transaction_id + 1)


def test_for_a_station_of_watts_a_named_one_is_converted(connected):
    Quirk.objects.create(name="rate_unit", value="W")
    sent = assign(connected).sent["chargingSchedule"]
    assert sent["chargingRateUnit"] == "W"
    assert [period["limit"] for period in sent["chargingSchedulePeriod"]] == [11040, 7245]


def test_for_a_station_of_watts_one_in_ocpps_words_is_refused(connected):
    Quirk.objects.create(name="rate_unit", value="W")
    with pytest.raises(DomainError, match="chargingRateUnit should be W"):
        send(connected)


def test_a_purpose_the_model_does_not_take_is_not_sent(connected):
    Quirk.objects.create(name="profile_purposes", value=["TxDefaultProfile"])
    with pytest.raises(DomainError, match="chargingProfilePurpose"):
        send(connected, purpose="ChargePointMaxProfile", connector=0)
    assert not Command.objects.exists()


def test_what_the_station_makes_of_it_is_kept_by_connector(connected):
    for limit in (16, 10):
        composites.read(
            station_id=connected.pk,
            connector_id=1,
            duration_s=3600,
            status="Accepted",
            starts_at=given.NOON,
            schedule={"chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]},
            at=given.after(1),
        )
    kept = CompositeSchedule.objects.get()
    assert kept.schedule
    assert kept.schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10}]
