"""How many sockets of GraphQL there may be, how often they speak, and how long they may wait."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.interfaces.ev_backend.app import LEGACY, TRANSPORT, Subscriber, logged_in
from tests.interfaces.websocket_api.app import PASSWORD, a_driver
from tests.processes import eventually, start_server
from tests.web import Api


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "CONNECTION_TIMEOUT": "2000",
        "MAX_CONNECTIONS": "3",
        "APP_CONNECTS_PER_MINUTE": "1000",
        "APP_LOGINS_PER_MINUTE": "2",
        "APP_MESSAGES_PER_MINUTE": "30",
        "FRONTEND_URL": "https://app.example.com",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def ann(server):
    a_driver(server, "ann", "EV_ANN")
    return logged_in(server, "ann", PASSWORD)


def close_code(app):
    """Why the server ended it."""
    while True:
        try:
            app.hear()
        except ConnectionClosed as closed:
            return closed.rcvd.code


def refused(server, **headers):
    """The status a handshake is refused with."""
    url = server.ws.removesuffix("/ocpp") + "/graphql"
    with pytest.raises(InvalidStatus) as answer:
        connect(url, subprotocols=[Subprotocol(TRANSPORT)], additional_headers=headers, proxy=None)
    return answer.value.response.status_code


def open_now(server):
    return Api(server.http).get("stats").body["data"]["totalConnections"]


@pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY])
def test_who_does_not_begin_is_closed(server, protocol):
    with Subscriber(server, protocol=protocol) as app:
        assert close_code(app) == 4408


def test_one_socket_too_many_is_refused(server):
    assert eventually(lambda: open_now(server) == 0)
    with Subscriber(server), Subscriber(server), Subscriber(server):
        assert eventually(lambda: open_now(server) == 3)
        assert refused(server) == 503
    assert eventually(lambda: open_now(server) == 0)


def test_who_says_too_much_is_closed(server, ann):
    with Subscriber(server, ann) as app:
        app.begin()
        for _ in range(40):
            app.say({"type": "ping"})
        assert close_code(app) == 4429


def test_pages_of_other_origins_are_refused(server):
    assert refused(server, Origin="https://evil.example.com") == 403


def test_who_tries_tokens_is_stopped(server):
    for _ in range(2):
        with Subscriber(server, "wrong", protocol=LEGACY) as app:
            assert app.begin()["payload"]["code"] == "UNAUTHENTICATED"
    with Subscriber(server, "wrong", protocol=LEGACY) as app:
        assert "Too many" in app.begin()["payload"]["message"]
