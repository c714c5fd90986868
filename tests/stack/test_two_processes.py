"""Web and gateway as processes of their own: a command finds the socket, wherever that is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
from websockets.exceptions import InvalidStatus

from tests.processes import Server, eventually
from tests.rows import rows
from tests.stack.installation import installed
from tests.stack.station import PlainStation
from tests.web import Api, Browser, with_api_key

pytestmark = pytest.mark.production
START = {"connectorId": 1, "idTag": "RFID_001"}


@pytest.fixture(scope="module")
def installation(shared_environment):
    with installed(shared_environment, "web", "gateway", "gateway") as (web, gateway, other):
        yield Installation(web, gateway, other, with_api_key(web))


class Installation(NamedTuple):
    """One web process and two gateways on one database and one Redis."""

    web: Server
    gateway: Server
    other_gateway: Server
    api: Api


def connected(api: Api) -> list[str]:
    """The stations REST calls connected."""
    return list(api.get("stations/connected/list").body["connectedStations"])


def test_a_remote_start_is_answered_with_what_the_station_answers(installation):
    with PlainStation(installation.gateway.ws, "TWO-START") as station:
        station.settle()
        answer = installation.api.post("admin/TWO-START/start-transaction", START)
        assert (answer.status, answer.body) == (200, {"status": "Accepted"})
        assert [(each.action, each.payload) for each in station.asked] == [
            ("RemoteStartTransaction", START)
        ]
        command = installation.api.get(answer.headers["Location"].removeprefix("/api/"))
        assert command.body["status"] == "Answered"
        assert command.body["answerStatus"] == "Accepted"
        assert command.body["requestedBy"] == "admin"


def test_the_doorbell_makes_it_quick_in_both_directions(installation):
    with PlainStation(installation.gateway.ws, "TWO-QUICK") as station:
        station.settle()
        took_s = []
        for _ in range(3):
            began = time.monotonic()
            assert installation.api.post("admin/TWO-QUICK/clear-cache").status == 200
            took_s.append(time.monotonic() - began)
        # Looking into the rows again would take a second, or until the next heartbeat.
        assert min(took_s) < 0.9


def test_twenty_commands_at_once_reach_the_station_once_each(installation):
    with PlainStation(installation.gateway.ws, "TWO-ONCE") as station:
        keys = [f"Key{number}" for number in range(20)]
        bodies = [{"key": key, "value": "1"} for key in keys]

        def ask(body: dict[str, str]) -> int:
            return int(installation.api.post("admin/TWO-ONCE/change-configuration", body).status)

        with ThreadPoolExecutor(8) as callers:
            assert list(callers.map(ask, bodies)) == [200] * 20
        assert sorted(each.payload["key"] for each in station.asked) == sorted(keys)
        assert len({each.message_id for each in station.asked}) == 20


def test_who_is_connected_is_known_to_the_web_process(installation):
    with PlainStation(installation.gateway.ws, "TWO-HERE"):
        assert "TWO-HERE" in connected(installation.api)
        assert installation.api.get("stations/TWO-HERE").body["isConnected"] is True
    assert eventually(lambda: "TWO-HERE" not in connected(installation.api))
    assert installation.api.get("stations/TWO-HERE").body["status"] == "OFFLINE"


def test_a_command_to_a_station_that_is_away_is_a_conflict_at_once(installation):
    with PlainStation(installation.gateway.ws, "TWO-AWAY"):
        pass
    assert eventually(lambda: "TWO-AWAY" not in connected(installation.api))
    began = time.monotonic()
    answer = installation.api.post("admin/TWO-AWAY/reset", {"type": "Soft"})
    assert answer.status == 409
    assert "TWO-AWAY" in answer.body["error"]
    assert time.monotonic() - began < 2
    assert installation.api.get("commands?station=TWO-AWAY").body == []


def test_a_queued_command_waits_until_the_station_comes(installation):
    with PlainStation(installation.gateway.ws, "TWO-QUEUE"):
        pass
    assert eventually(lambda: "TWO-QUEUE" not in connected(installation.api))
    path = "admin/TWO-QUEUE/reset?queue=60&wait=0"
    queued = installation.api.post(path, {"type": "Soft"})
    assert (queued.status, queued.body["status"]) == (202, "Waiting")
    with PlainStation(installation.gateway.ws, "TWO-QUEUE") as station:
        url = queued.body["url"].removeprefix("/api/")
        assert eventually(lambda: installation.api.get(url).body["status"] == "Answered")
        assert [each.action for each in station.asked] == ["Reset"]


def test_a_station_that_does_not_answer_leaves_an_open_command(installation):
    with PlainStation(installation.gateway.ws, "TWO-MUTE", mute=True) as station:
        answer = installation.api.post("admin/TWO-MUTE/clear-cache?wait=0.5")
        assert (answer.status, answer.body["status"]) == (202, "Sent")
        assert len(station.asked) == 1


def test_a_command_the_station_was_given_is_not_sent_again_on_its_next_socket(installation):
    with PlainStation(installation.gateway.ws, "TWO-LOST", mute=True) as station:
        open_one = installation.api.post("admin/TWO-LOST/reset?wait=0.5", {"type": "Hard"})
        assert len(station.asked) == 1
    url = open_one.body["url"].removeprefix("/api/")
    assert eventually(lambda: installation.api.get(url).body["status"] == "TimedOut")
    with PlainStation(installation.other_gateway.ws, "TWO-LOST") as again:
        answer = installation.api.post("admin/TWO-LOST/clear-cache")
        assert (answer.status, [each.action for each in again.asked]) == (200, ["ClearCache"])


def test_a_station_that_moves_to_another_gateway_stays_online_and_in_reach(installation):
    old = PlainStation(installation.gateway.ws, "TWO-MOVE")
    new = PlainStation(installation.other_gateway.ws, "TWO-MOVE")
    with old, new:
        assert old.closed()
        assert old.close_code == 4001
        new.settle()  # for the end of the old socket to do its harm
        assert "TWO-MOVE" in connected(installation.api)
        answer = installation.api.post("admin/TWO-MOVE/start-transaction", START)
        assert answer.status == 200
        assert [len(each.asked) for each in (old, new)] == [0, 1]
        assert new.close_code is None


def test_a_station_that_comes_back_to_its_gateway_is_served_on_the_new_socket(installation):
    old = PlainStation(installation.gateway.ws, "TWO-BACK")
    new = PlainStation(installation.gateway.ws, "TWO-BACK")
    with old, new:
        assert old.closed()
        assert old.close_code == 4001
        new.settle()
        assert installation.api.post("admin/TWO-BACK/clear-cache").status == 200
        assert [len(each.asked) for each in (old, new)] == [0, 1]


def test_stations_are_turned_away_by_the_web_process_and_browsers_by_the_gateway(installation):
    with pytest.raises(InvalidStatus) as refused:
        PlainStation(installation.web.ws, "TWO-WEB")
    assert refused.value.response.status_code == 404
    assert Api(installation.gateway.http).get("stations").status == 404
    assert Browser(installation.gateway.http).open("/health").status == 200


def test_both_gateways_write_into_one_list_of_sessions(installation):
    ids = []
    for number, server in enumerate((installation.gateway, installation.other_gateway)):
        with PlainStation(server.ws, f"TWO-SESSION-{number}") as station:
            start = {**START, "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}
            ids.append(station.call("StartTransaction", start)["transactionId"])
    shown = [session["id"] for session in installation.api.get("sessions").body]
    assert sorted(ids) == sorted(shown)
    assert len(rows(installation.web.environment, "SELECT 1 FROM stations_chargingsession")) == 2
