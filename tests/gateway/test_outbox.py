"""Commands on their way: a waiting row becomes a CALL, and what is heard becomes its end."""

from __future__ import annotations

import pytest

from ocpp_gateway import outbox, validation
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.rpc import Answered, Refused
from ocpp_gateway.v16 import COMMANDS
from stations.models import Command, CommandStatus, ConfigurationKey, Reservation
from stations.services import commands, reservations
from tests.gateway.commands import FILLED
from tests.stations import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    """CP-1, its newest socket being socket-1."""
    return given.a_connected_station()


def ask(station, action, payload=None):
    """Have a command made."""
    return commands.request(station=station, action=action, payload=payload or {}, at=given.NOON)


def next_call(station, socket="socket-1"):
    """What the socket sends next."""
    return outbox.next_call(station_id=station.pk, connection_id=socket, at=given.NOON)


def sent(station, action, payload=None):
    """A command that went out, and its call."""
    command = ask(station, action, payload)
    claimed = next_call(station)
    assert claimed is not None
    return command, claimed[1]


def settle(command, result):
    """The row once ``result`` came."""
    outbox.settle(command_id=command.pk, result=result, at=given.after(0.1))
    command.refresh_from_db()
    return command


@pytest.mark.parametrize("action", sorted(COMMANDS))
def test_every_command_goes_out_as_a_call_that_passes_its_schema(station, action):
    command, call = sent(station, action, FILLED.get(action))
    assert call == Call(call.unique_id, action, FILLED.get(action, {}))
    assert validation.check_call(action, call.payload) == []
    command.refresh_from_db()
    assert (command.status, command.message_id) == (CommandStatus.SENT, call.unique_id)


def test_nothing_goes_out_where_nothing_waits(station):
    assert next_call(station) is None


def test_a_payload_that_breaks_its_schema_fails_and_the_next_one_goes_out(station):
    broken = ask(station, "Reset", {"type": "Warm"})
    good = ask(station, "ClearCache")
    claimed = next_call(station)
    assert claimed is not None
    assert claimed[0] == good.pk
    broken.refresh_from_db()
    assert broken.status == CommandStatus.FAILED
    assert broken.error_code == "PropertyConstraintViolation"


def test_an_answer_is_stored(station):
    command, call = sent(station, "ClearCache")
    settled = settle(command, Answered(call, {"status": "Rejected"}))
    assert (settled.status, settled.answer_status) == (CommandStatus.ANSWERED, "Rejected")


def test_an_error_is_stored(station):
    command, call = sent(station, "ClearCache")
    settled = settle(command, Refused(call, CallError("1", "NotSupported", "no", {"a": 1})))
    assert (settled.status, settled.error_code) == (CommandStatus.FAILED, "NotSupported")
    assert (settled.error_description, settled.answer) == ("no", {"a": 1})


@pytest.mark.parametrize("result", [outbox.NO_ANSWER, outbox.CONNECTION_LOST])
def test_silence_is_stored(station, result):
    command, _ = sent(station, "ClearCache")
    settled = settle(command, result)
    assert settled.status == CommandStatus.TIMED_OUT
    assert settled.error_description


@pytest.mark.parametrize("answer", [{}, {"status": 5}, {"status": ["Accepted"]}])
def test_an_answer_nobody_can_read_is_a_failure(station, answer):
    command, call = sent(station, "ClearCache")
    settled = settle(command, Answered(call, answer))
    assert settled.status == CommandStatus.FAILED
    assert "unreadable answer" in settled.error_description


def test_an_answer_with_null_members_is_read(station):
    command, call = sent(station, "GetConfiguration")
    told = {"configurationKey": [{"key": "A", "readonly": True, "value": None}], "unknownKey": None}
    assert settle(command, Answered(call, told)).status == CommandStatus.ANSWERED
    assert ConfigurationKey.objects.get().value == ""


def test_what_was_mended_in_an_answer_is_counted(station):
    heard: list[tuple[str, str]] = []
    command, call = sent(station, "GetConfiguration")
    told = {"configurationKey": [{"key": "A", "readonly": True, "value": None}]}
    outbox.settle(
        command_id=command.pk,
        result=Answered(call, told),
        at=given.after(0.1),
        note=lambda kind, detail: heard.append((kind, detail)),
    )
    assert heard == [("null_members", "GetConfigurationResponse")]


def test_a_setting_the_station_refused_is_not_stored(station):
    command, call = sent(station, "ChangeConfiguration", {"key": "A", "value": "1"})
    settle(command, Answered(call, {"status": "Rejected"}))
    assert not ConfigurationKey.objects.exists()


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired"])
def test_a_setting_the_station_took_is_stored(station, status):
    command, call = sent(station, "ChangeConfiguration", {"key": "A", "value": "1"})
    settle(command, Answered(call, {"status": status}))
    assert ConfigurationKey.objects.get().value == "1"


def test_a_password_the_station_took_is_stored_nowhere(station):
    secret = {"key": "AuthorizationKey", "value": "0123456789abcdef"}
    command, call = sent(station, "ChangeConfiguration", secret)
    assert call.payload == secret
    settled = settle(command, Answered(call, {"status": "Accepted"}))
    assert not ConfigurationKey.objects.exists()
    assert "0123456789abcdef" not in str(settled.payload)


def reserved(station):
    """A reservation asked of the station, and the call that asks."""
    reservation = reservations.reserve(
        station=station,
        connector_id=1,
        id_tag="CARD-1",
        expires_at=given.after(60),
        at=given.NOON,
    )
    claimed = next_call(station)
    assert claimed is not None
    assert reservation.command is not None
    return reservation, reservation.command, claimed[1]


@pytest.mark.parametrize("status", ["Accepted", "Occupied", "Faulted", "Rejected", "Unavailable"])
def test_a_reservation_becomes_what_the_station_says(station, status):
    reservation, command, call = reserved(station)
    settle(command, Answered(call, {"status": status}))
    assert Reservation.objects.get(pk=reservation.pk).status == status


def test_an_answer_cannot_change_the_reservation_of_another_station(station):
    reservation, *_ = reserved(station)
    other = given.a_connected_station("CP-2", "socket-2")
    payload = FILLED["ReserveNow"] | {"reservationId": reservation.pk}
    command = ask(other, "ReserveNow", payload)
    claimed = next_call(other, "socket-2")
    assert claimed is not None
    settle(command, Answered(claimed[1], {"status": "Accepted"}))
    assert Reservation.objects.get(pk=reservation.pk).status == "Requested"


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_a_reservation_the_station_gave_up_or_never_knew_is_over(station, status):
    reservation, command, call = reserved(station)
    settle(command, Answered(call, {"status": "Accepted"}))
    reservation.refresh_from_db()
    cancelling = reservations.cancel(reservation=reservation, at=given.after(1))
    claimed = next_call(station)
    assert claimed is not None
    settle(cancelling, Answered(claimed[1], {"status": status}))
    assert Reservation.objects.get().status == "Cancelled"


def test_a_late_answer_means_nothing_any_more(station):
    command, call = sent(station, "ChangeConfiguration", {"key": "A", "value": "1"})
    settle(command, outbox.NO_ANSWER)
    settle(command, Answered(call, {"status": "Accepted"}))
    assert Command.objects.get().status == CommandStatus.TIMED_OUT
    assert not ConfigurationKey.objects.exists()
