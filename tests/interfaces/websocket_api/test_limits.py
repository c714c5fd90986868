"""How much an app may do, and how long it may be quiet; how many are connected."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.interfaces.websocket_api.app import App, a_driver
from tests.processes import eventually, start_server
from tests.stack.station import PlainStation
from tests.web import Api

pytestmark = pytest.mark.once  # limits are counted in the process


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "HEARTBEAT_INTERVAL": "1000",
        "CONNECTION_TIMEOUT": "2000",
        "MAX_CONNECTIONS": "3",
        "APP_CONNECTS_PER_MINUTE": "1000",
        "APP_LOGINS_PER_MINUTE": "4",
        "APP_MESSAGES_PER_MINUTE": "20",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def drivers(server):
    return {name: a_driver(server, name, f"TAG-{name}")[1] for name in ("ann", "bob", "cleo")}


def closed(app):
    """Why the server ended it."""
    with pytest.raises(ConnectionClosed) as ended:
        app.hear("nothing of this kind")
    return ended.value.rcvd.code, ended.value.rcvd.reason


def test_who_does_not_log_in_is_closed(server):
    with App(server) as app:
        assert closed(app) == (1008, "Authentication timeout")


def test_who_is_silent_is_asked_for_a_sign_of_life_and_then_closed(server, drivers):
    with App(server) as app:
        app.log_in(drivers["ann"])
        beat = app.hear("heartbeat")
        assert set(beat) == {"id", "type", "timestamp"}
        assert closed(app) == (1000, "Inactive timeout")


def test_one_socket_too_many_is_turned_away(server, drivers):
    def open_now():
        return Api(server.http).get("stats").body["data"]["totalConnections"]

    assert eventually(lambda: open_now() == 0)
    with App(server), App(server), App(server), App(server) as fourth:
        assert closed(fourth) == (1013, "Server overloaded")


def test_who_says_too_much_is_told_so_and_stays_connected(server, drivers):
    with App(server) as app:
        app.log_in(drivers["bob"])
        answers = [app.ask("heartbeat", None, f"m{number}") for number in range(25)]
        assert answers[0]["type"] == "heartbeat"
        assert answers[-1]["error"]["code"] == "RATE_LIMIT_EXCEEDED"


def test_how_many_are_connected_is_told_by_health_and_by_stats(server, drivers):
    def counted():
        stats = Api(server.http).get("stats").body
        health = json.loads(Api(server.http).raw("/health").body)
        assert stats["success"] is True
        return stats["data"], health["websocket"]

    with PlainStation(server.ws, "CP-COUNTED"), App(server) as one, App(server):
        one.log_in(drivers["cleo"])
        expected = {
            "totalConnections": 2,
            "authenticatedConnections": 1,
            "totalUsers": 1,
            "gatewayConnections": 1,
        }
        assert eventually(lambda: counted() == (expected, expected))


def test_wrong_tokens_are_counted(server):
    with App(server) as app:
        said = [app.ask("auth_request", {"token": "x.y.z"}, f"m{number}") for number in range(8)]
    assert said[0]["data"]["success"] is False
    assert said[-1]["error"]["code"] == "RATE_LIMIT_EXCEEDED"
