"""What is left of a conversation: the console's lines, the message log, the last sign of life."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus

from tests.gateway.wire import Wire
from tests.processes import eventually
from tests.rows import change, one, rows, stored

pytestmark = pytest.mark.stack
KEY = "0123456789abcdef"


@pytest.fixture
def log(server, cp_id):
    """Waits for the message log of the test's station to hold so many entries; gives them."""
    query = (
        "SELECT m.direction, m.action, m.message_id, m.request, m.response, m.error_code,"
        " m.latency_ms FROM ocpp_gateway_ocppmessage m JOIN stations_chargingstation s"
        " ON s.id = m.station_id WHERE s.cp_id = ? ORDER BY m.id"
    )

    def entries(number):
        assert eventually(lambda: len(rows(server.environment, query, cp_id)) >= number, 5)
        return rows(server.environment, query, cp_id)

    return entries


def test_the_console_shows_every_frame_as_the_prior_gateway_did(server, wire, cp_id):
    wire.call("Heartbeat", {}, "42")
    answer = json.dumps(wire.hear(), separators=(",", ":"))
    assert eventually(lambda: f"[{cp_id}] Sending: {answer}" in server.said)
    assert f'[{cp_id}] Received: [2, "42", "Heartbeat", {{}}]' in server.said
    assert f"[{cp_id}] Sending: [3," in server.said


def test_the_console_shows_what_we_ask(server, wire, cp_id, api):
    wire.boot()
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    wire.asked()
    assert eventually(lambda: f"[{cp_id}] Sending: [2," in server.said)


def test_the_console_shows_nothing_that_moves_its_cursor(server, wire, cp_id):
    wire.tell('[2,"1","DataTransfer",{"vendorId":"x"}]\x1b[2J\n[FORGED] Received: x')
    wire.ask("Heartbeat")
    assert eventually(lambda: "FORGED" in server.said)
    assert "\x1b[2J" not in server.said
    assert "\n[FORGED]" not in server.said


def test_the_console_says_who_was_refused_and_why(server):
    with contextlib.suppress(InvalidStatus):
        Wire(f"{server.ws}/WRONG-VERSION", subprotocols=("ocpp2.0.1",))
    assert eventually(lambda: "[/ocpp/WRONG-VERSION] Refused: " in server.said)


def test_a_call_of_the_station_and_its_answer_make_one_entry(wire, log):
    wire.call("Heartbeat", {}, "42")
    answer = wire.hear()
    [(direction, action, message_id, request, response, error, latency)] = log(1)
    assert (direction, action, message_id, error) == ("Received", "Heartbeat", "42", "")
    assert json.loads(request) == [2, "42", "Heartbeat", {}]
    assert json.loads(response) == answer
    assert latency >= 0


def test_a_refused_call_is_kept_with_its_code(wire, log):
    wire.ask("Nonsense")
    [entry] = log(1)
    assert (entry[1], entry[5]) == ("Nonsense", "NotImplemented")


def test_a_malformed_call_is_kept(wire, log):
    wire.tell('[2,"id","Heartbeat",[]]')
    wire.hear()
    [entry] = log(1)
    assert (entry[1], entry[2], entry[5]) == ("", "id", "FormationViolation")


def test_text_that_is_no_frame_is_kept_cut_short(wire, log):
    wire.tell("garbage" + "x" * 100_000)
    [entry] = log(1)
    assert entry[3].startswith("garbage")
    assert len(entry[3]) < 10_000
    assert entry[4] == ""


def test_our_call_and_its_answer_make_one_entry(wire, log, api, cp_id):
    wire.boot()
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    unique_id, *_ = wire.asked()
    wire.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    direction, action, message_id, request, response, *_ = log(2)[1]
    assert (direction, action, message_id) == ("Sent", "ClearCache", unique_id)
    assert json.loads(request) == [2, unique_id, "ClearCache", {}]
    assert json.loads(response) == [3, unique_id, {"status": "Accepted"}]


def test_our_call_without_an_answer_is_kept(wire, log, api, cp_id):
    wire.boot()
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    wire.asked()
    assert log(2)[1][4] == ""


def test_an_answer_nobody_waits_for_is_kept_with_the_id_it_answers(wire, log, api, cp_id):
    wire.boot()
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    unique_id, *_ = wire.asked()
    for _ in range(2):
        wire.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    entries = log(3)[1:]
    assert [(entry[1], entry[2]) for entry in entries] in (
        [("ClearCache", unique_id), ("", unique_id)],
        [("", unique_id), ("ClearCache", unique_id)],  # two notes of one moment
    )


def test_a_password_is_neither_shown_nor_kept(server, wire, log, api, cp_id):
    wire.boot()
    setting = {"key": "AuthorizationKey", "value": KEY}
    api.post(f"admin/{cp_id}/change-configuration?wait=0", setting)
    unique_id, _, payload = wire.asked()
    assert payload == setting
    wire.tell(json.dumps([3, unique_id, {"status": "Accepted"}]))
    assert log(2)[1][1] == "ChangeConfiguration"
    assert KEY not in str(log(2))
    assert KEY not in server.said
    query = "SELECT payload FROM stations_command WHERE message_id = ?"
    assert eventually(lambda: KEY not in str(one(server.environment, query, unique_id)))


@pytest.mark.parametrize("frame", ["", "garbage", '[3,"x",{}]', '[2,"1","Nonsense",{}]'])
def test_any_frame_is_a_sign_of_life(server, wire, cp_id, frame):
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    change(
        server.environment,
        "UPDATE stations_chargingstation SET last_seen_at = ? WHERE cp_id = ?",
        stored(hour_ago),
        cp_id,
    )
    wire.tell(frame)
    query = "SELECT last_seen_at FROM stations_chargingstation WHERE cp_id = ?"
    fresh = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(" ")[:19]
    assert eventually(lambda: str(one(server.environment, query, cp_id)) > fresh, 5)


def test_a_silent_station_that_speaks_is_online_again(server, wire, cp_id):
    change(
        server.environment,
        "UPDATE stations_chargingstation SET online = ? WHERE cp_id = ?",
        False,
        cp_id,
    )
    wire.ask("Heartbeat")
    query = "SELECT online FROM stations_chargingstation WHERE cp_id = ?"
    assert eventually(lambda: bool(one(server.environment, query, cp_id)), 5)
