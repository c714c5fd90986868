"""Commands on the wire: when they go out, how they are answered, and what becomes of their rows."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.gateway.wire import AVAILABLE
from tests.processes import eventually
from tests.rows import change, one, rows, stored

pytestmark = pytest.mark.stack


@pytest.fixture
def command(api, cp_id):
    """Asks the station for something over REST; gives the answer at once, the id first."""

    def ask(path="clear-cache", body=None, wait=0):
        answer = api.post(f"admin/{cp_id}/{path}?wait={wait}", body)
        assert answer.status in (200, 202, 409, 502, 504), answer
        return answer

    return ask


@pytest.fixture
def booted(wire):
    """The station's socket, its first call answered."""
    wire.boot()
    return wire


@pytest.fixture
def row(server, cp_id):
    """The station's last command as it is stored: status, answer status, error code, reason."""

    def look():
        query = (
            "SELECT c.status, c.answer_status, c.error_code, c.error_description"
            " FROM stations_command c JOIN stations_chargingstation s ON s.id = c.station_id"
            " WHERE s.cp_id = ? ORDER BY c.id DESC LIMIT 1"
        )
        found = rows(server.environment, query, cp_id)
        return found[0] if found else None

    return look


def answered(row, status):
    """Whether the row gets there in time."""
    return eventually(lambda: row()[0] == status, 6)


def test_it_is_asked_and_its_answer_is_stored(booted, command, row):
    command()
    unique_id, action, payload = booted.asked()
    assert (action, payload) == ("ClearCache", {})
    assert 0 < len(unique_id) <= 36
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    assert answered(row, "Answered")
    assert row()[1] == "Accepted"


def test_who_waits_gets_the_stations_answer(booted, api, cp_id):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(api.post, f"admin/{cp_id}/reset?wait=10", {"type": "Hard"})
        unique_id, action, payload = booted.asked()
        assert (action, payload) == ("Reset", {"type": "Hard"})
        booted.tell(json.dumps([3, unique_id, {"status": "Rejected"}]))
        answer = waiting.result(10)
    assert (answer.status, answer.body["status"]) == (200, "Rejected")


def test_a_station_that_is_not_there_is_refused_and_nothing_is_sent_later(command, dial):
    dial().socket.close()
    assert eventually(lambda: command().status == 409)
    assert dial().is_silent(1)


def test_nothing_goes_out_before_the_first_call_is_answered(wire, command):
    command()
    assert wire.is_silent(1)
    wire.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, "boot")
    assert wire.hear()[1] == "boot"
    assert wire.hear()[2] == "ClearCache"


def test_a_refused_call_is_no_greeting(wire, command):
    command()
    assert wire.ask("Nonsense") == "NotImplemented"
    assert wire.is_silent(1)


def test_one_call_is_open_at_most(booted, command):
    for _ in range(3):
        command()
    first = booted.asked()
    assert booted.is_silent(0.7)
    booted.tell(json.dumps([3, first[0], {"status": "Accepted"}]))
    second = booted.asked()
    assert second[0] != first[0]
    assert booted.is_silent(0.7)


def test_a_waiting_call_does_not_hold_up_the_stations_own(booted, command):
    command()
    unique_id, *_ = booted.asked()
    for _ in range(5):
        assert booted.ask("StatusNotification", AVAILABLE) == {}
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    assert booted.ask("Heartbeat")


def test_an_error_is_stored_and_the_next_one_goes_on(booted, command, row):
    command()
    unique_id, *_ = booted.asked()
    booted.tell(json.dumps([4, unique_id, "NotSupported", "we do not", {}]))
    assert answered(row, "Failed")
    assert row()[2:] == ("NotSupported", "we do not")
    command()
    assert booted.asked()[1] == "ClearCache"


def test_an_error_with_four_elements_is_stored(booted, command, row):
    command()
    unique_id, *_ = booted.asked()
    booted.tell(json.dumps([4, unique_id, "InternalError", "oops"]))
    assert answered(row, "Failed")


@pytest.mark.parametrize(
    "answer",
    [
        [3, "ID", "garbage"],
        [3, "ID", []],
        [3, "ID", 5],
        [3, "ID", {}],
        [3, "ID", {"status": 5}],
        [3, "ID", {"status": None}],
        [4, "ID", 5, None, []],
        [4, "ID", "x" * 5000, "y" * 5000, {"z": "z" * 5000}],
        [4, "ID", "a\x00b", "c\x00d", {"e\x00": "\x00"}],
        [3, "ID", {"status": "A\x00", "more": [[[[[[[1]]]]]]]}],
    ],
)
def test_garbage_is_stored_as_such_at_once_and_the_next_one_goes_on(booted, command, row, answer):
    command()
    unique_id, *_ = booted.asked()
    booted.tell(json.dumps([unique_id if part == "ID" else part for part in answer]))
    assert eventually(lambda: row()[0] in ("Failed", "Answered"), 1.5)
    command()
    assert booted.asked()[1] == "ClearCache"


def test_no_answer_is_stored_as_such_and_a_late_one_changes_nothing(booted, command, row):
    command()
    unique_id, *_ = booted.asked()
    assert answered(row, "TimedOut")
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    assert booted.ask("Heartbeat")
    assert row()[0] == "TimedOut"
    command()
    assert booted.asked()[1] == "ClearCache"


def test_a_command_that_was_sent_is_not_sent_again(booted, command, row, dial):
    command()
    booted.asked()
    booted.drop()
    again = dial()
    again.boot()
    assert again.is_silent(1)
    assert answered(row, "TimedOut")


def test_a_socket_that_drops_settles_its_command_at_once(booted, command, row):
    command()
    booted.asked()
    since = time.monotonic()
    booted.socket.close()
    assert answered(row, "TimedOut")
    assert time.monotonic() - since < 5
    assert "connection closed" in row()[3]


def test_a_command_whose_doorbell_was_lost_goes_out_with_the_next_heartbeat(server, booted, cp_id):
    station = one(
        server.environment, "SELECT id FROM stations_chargingstation WHERE cp_id = ?", cp_id
    )
    assert booted.is_silent(0.5)  # what waited when it booted would have gone out by now
    now = datetime.now(UTC)
    change(
        server.environment,
        "INSERT INTO stations_command (station_id, action, payload, status, requested_at,"
        " send_before, message_id, answer_status, error_code, error_description)"
        " VALUES (?, 'ClearCache', '{}', 'Waiting', ?, ?, '', '', '', '')",
        station,
        stored(now),
        stored(now + timedelta(minutes=1)),
    )
    assert booted.is_silent(0.5)
    booted.call("Heartbeat", {})
    assert booted.asked()[1] == "ClearCache"


def test_what_a_station_tells_of_its_settings_is_stored(server, booted, command, cp_id):
    command("get-configuration")
    unique_id, *_ = booted.asked()
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
        {"key": "Empty", "readonly": True, "value": None},
        {"key": "AuthorizationKey", "readonly": False, "value": "0123456789abcdef"},
    ]
    booted.tell(json.dumps([3, unique_id, {"configurationKey": keys, "unknownKey": None}]))
    query = (
        "SELECT k.key, k.value FROM stations_configurationkey k"
        " JOIN stations_chargingstation s ON s.id = k.station_id WHERE s.cp_id = ? ORDER BY 1"
    )
    found = [("Empty", ""), ("HeartbeatInterval", "60")]
    assert eventually(lambda: rows(server.environment, query, cp_id) == found, 5)


def test_a_value_the_station_took_is_stored(server, booted, command, cp_id):
    command("change-configuration", {"key": "HeartbeatInterval", "value": "30"})
    unique_id, _, payload = booted.asked()
    assert payload == {"key": "HeartbeatInterval", "value": "30"}
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    query = "SELECT value FROM stations_configurationkey k JOIN stations_chargingstation s"
    query += " ON s.id = k.station_id WHERE s.cp_id = ?"
    assert eventually(lambda: rows(server.environment, query, cp_id) == [("30",)], 5)


def test_a_connector_is_reserved_once_the_station_accepted(server, booted, command, cp_id):
    until = "2099-01-01T00:00:00Z"
    command("reserve-now", {"connectorId": 1, "idTag": "CARD-1", "expiryDate": until})
    unique_id, action, payload = booted.asked()
    assert action == "ReserveNow"
    assert payload["expiryDate"] == until
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    query = "SELECT r.status FROM stations_reservation r JOIN stations_chargingstation s"
    query += " ON s.id = r.station_id WHERE s.cp_id = ?"
    assert eventually(lambda: rows(server.environment, query, cp_id) == [("Accepted",)], 5)
    command("cancel-reservation", {"reservationId": payload["reservationId"]})
    unique_id, action, payload = booted.asked()
    assert action == "CancelReservation"
    booted.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    assert eventually(lambda: rows(server.environment, query, cp_id) == [("Cancelled",)], 5)


def test_a_reservation_accepted_too_late_is_held_after_all(booted, api, cp_id):
    booted.ask("StatusNotification", AVAILABLE)
    body = {"connectorId": 1, "idTag": "CARD-1", "expiryDate": "2099-01-01T00:00:00Z"}
    assert api.post(f"admin/{cp_id}/reserve-now?wait=10", body).status == 504
    booted.tell(json.dumps([3, booted.asked()[0], {"status": "Accepted"}]))
    booted.ask("Heartbeat")  # answered after what came before it
    found = api.get(f"reservations?station={cp_id}").body
    assert [row["status"] for row in found] == ["Accepted"]
