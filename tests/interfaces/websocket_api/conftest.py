"""A server, drivers, a station and an app that is logged in."""

from __future__ import annotations

import itertools

import pytest

from tests.interfaces.websocket_api.app import App, a_driver
from tests.processes import start_server
from tests.stack.station import PlainStation

NUMBERS = itertools.count(0xFAAEB99A)


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "APP_LOGINS_PER_MINUTE": "1000",
        "APP_CONNECTS_PER_MINUTE": "1000",
        "APP_MESSAGES_PER_MINUTE": "1000",
        "FRONTEND_URL": "https://app.example.com",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def ann(server):
    return a_driver(server, "ann", "USER_123")


@pytest.fixture(scope="module")
def bob(server):
    return a_driver(server, "bob", "USER_456")


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"CP_1760882403313_{next(NUMBERS):X}") as connected:
        connected.call(
            "StatusNotification",
            {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
        )
        yield connected


@pytest.fixture
def app(server, ann):
    with App(server) as opened:
        assert opened.log_in(ann[1])["success"] is True
        yield opened
