"""Commands: asked, refused, settled, expired; work is a row and a doorbell only points to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.shared.errors import Conflict, StationOffline
from stations import events, tasks
from stations.models import Command, CommandStatus
from stations.services import commands, stations
from stations.services.commands import Outcome
from tests import ringing
from tests.stations import given

YES = Outcome(CommandStatus.ANSWERED, {"status": "Accepted"})


def ask(station, action="Reset", minute=0.0, **more):
    """Ask the station for something."""
    return commands.request(
        station=station, action=action, payload={}, at=given.after(minute), **more
    )


def claim(station, minute=0.0, socket="socket-1"):
    """What the socket sends next."""
    return commands.claim_next(station_id=station.pk, connection_id=socket, at=given.after(minute))


def settle(command, outcome=YES, minute=0.2):
    """The answer of the station."""
    return commands.settle(command_id=command.pk, outcome=outcome, at=given.after(minute))


@pytest.fixture
def rings(monkeypatch):
    """What rings, in order."""
    return ringing.heard(monkeypatch)


def test_it_waits_as_a_row(connected):
    command = ask(connected)
    assert command.status == CommandStatus.WAITING
    assert command.is_open
    assert command.send_before == given.NOON + timedelta(seconds=30)


def test_it_wakes_the_gateway_on_commit(connected, rings, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ask(connected)
        assert rings == []
    assert rings == [(events.GATEWAY, {"type": "command.waiting", "station": connected.pk})]


def test_a_station_that_is_not_connected_is_refused_at_once(station):
    with pytest.raises(StationOffline, match="CP-1") as refusal:
        ask(station)
    assert refusal.value.code == "station_offline"
    assert not Command.objects.exists()


def test_a_station_that_disconnected_is_refused(connected):
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    with pytest.raises(StationOffline):
        ask(connected)


def test_it_may_wait_for_a_station_that_is_not_connected(station):
    command = ask(station, queue_for=timedelta(hours=2))
    assert command.send_before == given.after(120)
    given.a_connected_station()
    assert claim(station, minute=90) == command


def test_the_oldest_is_claimed_first_and_each_once(connected):
    first, second = ask(connected), ask(connected)
    assert [claim(connected), claim(connected), claim(connected)] == [first, second, None]


def test_a_claimed_command_is_sent_with_an_id_of_its_own(connected):
    ask(connected)
    ask(connected)
    one, two = claim(connected), claim(connected)
    assert one.status == two.status == CommandStatus.SENT
    assert one.message_id != two.message_id
    assert len(one.message_id) <= 36
    assert one.sent_at == given.NOON
    assert one.answer_before == given.NOON + timedelta(seconds=30)


def test_only_the_newest_socket_of_the_station_claims(connected):
    command = ask(connected)
    given.a_connected_station(connection_id="socket-2")
    assert claim(connected, socket="socket-1") is None
    assert claim(connected, socket="socket-2") == command


def test_a_socket_without_a_name_claims_nothing_of_an_offline_station(station):
    ask(station, queue_for=timedelta(hours=1))
    assert claim(station, socket="socket-1") is None


def test_a_station_claims_only_its_own(connected):
    ask(connected)
    other = given.a_connected_station("CP-2", "socket-2")
    assert claim(other, socket="socket-2") is None


def test_what_was_not_sent_in_time_is_not_sent_at_all(connected):
    ask(connected)
    assert claim(connected, minute=0.5) is None


def test_an_answer_settles_it(connected):
    ask(connected)
    settled = settle(claim(connected))
    settled.refresh_from_db()
    assert (settled.status, settled.answer) == (CommandStatus.ANSWERED, {"status": "Accepted"})
    assert (settled.answer_status, settled.settled_at) == ("Accepted", given.after(0.2))
    assert not settled.is_open


def test_an_error_settles_it(connected):
    ask(connected)
    settled = settle(
        claim(connected), Outcome(CommandStatus.FAILED, None, "NotSupported", "d" * 9999)
    )
    settled.refresh_from_db()
    assert (settled.status, settled.error_code) == (CommandStatus.FAILED, "NotSupported")
    assert settled.error_description == "d" * 500


def test_a_late_answer_changes_nothing(connected):
    ask(connected)
    command = claim(connected)
    settle(command, Outcome(CommandStatus.TIMED_OUT))
    assert settle(command) is None
    command.refresh_from_db()
    assert (command.status, command.answer) == (CommandStatus.TIMED_OUT, None)


def test_a_command_that_was_not_sent_is_not_settled(connected):
    command = ask(connected)
    assert settle(command) is None


def test_settling_tells_who_waits(connected, rings, django_capture_on_commit_callbacks):
    ask(connected)
    command = claim(connected)
    with django_capture_on_commit_callbacks(execute=True):
        settle(command)
    group = events.command_group(command.pk)
    assert rings == [(group, {"type": "command.settled", "id": command.pk})]


def test_a_repeated_key_gives_the_command_of_the_first_time(connected):
    first = ask(connected, idempotency_key="once")
    assert ask(connected, idempotency_key="once", minute=1) == first
    assert Command.objects.count() == 1


def test_a_repeated_key_gives_it_even_when_the_station_is_gone(connected):
    first = ask(connected, idempotency_key="once")
    stations.disconnected(station_id=connected.pk, connection_id="socket-1", at=given.NOON)
    assert ask(connected, idempotency_key="once") == first


def test_commands_without_a_key_are_all_made(connected):
    ask(connected)
    ask(connected)
    assert Command.objects.count() == 2


def test_what_nobody_sent_in_time_expires(connected):
    command = ask(connected)
    assert commands.expire_due(at=given.after(0.4)) == 0
    assert commands.expire_due(at=given.after(0.5)) == 1
    command.refresh_from_db()
    assert (command.status, command.settled_at) == (CommandStatus.EXPIRED, given.after(0.5))


def test_what_a_process_that_is_gone_had_sent_times_out(connected):
    ask(connected)
    command = claim(connected)
    assert commands.expire_due(at=given.after(0.6)) == 0
    assert commands.expire_due(at=given.after(1)) == 1
    command.refresh_from_db()
    assert command.status == CommandStatus.TIMED_OUT


def test_what_is_settled_does_not_expire(connected):
    ask(connected)
    settle(claim(connected))
    assert commands.expire_due(at=given.after(999)) == 0


def test_the_periodic_task_expires_commands(connected):
    command = ask(connected)  # of 2025: long ago
    tasks.expire_commands()
    command.refresh_from_db()
    assert command.status == CommandStatus.EXPIRED


def test_a_secret_is_not_kept_once_the_command_is_settled(connected):
    command = commands.request(
        station=connected,
        action="ChangeConfiguration",
        payload={"key": "AuthorizationKey", "value": "0123456789abcdef"},
        at=given.NOON,
    )
    assert "0123456789abcdef" not in str(claim(connected).payload)
    settle(command)
    command.refresh_from_db()
    assert "0123456789abcdef" not in str(command.payload)
    assert command.payload["key"] == "AuthorizationKey"


@pytest.mark.parametrize("ending", ["expired", "timed out"])
def test_a_secret_is_not_kept_where_nobody_answered(connected, ending):
    command = commands.request(
        station=connected,
        action="ChangeConfiguration",
        payload={"key": "AuthorizationKey", "value": "0123456789abcdef"},
        at=given.NOON,
    )
    if ending == "timed out":
        claim(connected)
    commands.expire_due(at=given.after(5))
    command.refresh_from_db()
    assert "0123456789abcdef" not in str(command.payload)


def test_a_secret_a_station_tells_is_not_kept(connected):
    ask(connected, "GetConfiguration")
    told = {
        "configurationKey": [
            {"key": "AuthorizationKey", "readonly": False, "value": "0123456789abcdef"},
            {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
        ]
    }
    settled = settle(claim(connected), Outcome(CommandStatus.ANSWERED, told))
    settled.refresh_from_db()
    assert "0123456789abcdef" not in str(settled.answer)
    assert settled.answer["configurationKey"][1]["value"] == "60"


def test_it_asks_nothing_of_a_rejected_station(connected):
    connected.registration = "Rejected"
    with pytest.raises(Conflict, match="registered as Rejected"):
        ask(connected)


@pytest.mark.parametrize("action", ["RemoteStartTransaction", "RemoteStopTransaction"])
def test_it_lets_a_pending_station_charge_nobody(connected, action):
    connected.registration = "Pending"
    with pytest.raises(Conflict, match="registered as Pending"):
        ask(connected, action)


def test_it_may_configure_a_pending_station(connected):
    connected.registration = "Pending"
    assert ask(connected, "GetConfiguration").status == CommandStatus.WAITING
