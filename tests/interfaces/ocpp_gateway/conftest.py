"""A server as the README of the OCPP Gateway sets it up: three cards, and a caller with a key."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.processes import manage, start_server
from tests.stack.station import Asked, PlainStation
from tests.web import Api

NUMBERS = itertools.count(1)
# What the README's commands are answered with, where that is not Accepted
ANSWERS: dict[str, dict[str, Any]] = {
    "UnlockConnector": {"status": "Unlocked"},
    "GetConfiguration": {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}],
        "unknownKey": [],
    },
}


class Obliging(PlainStation):
    """A charge point that answers each command as OCPP has it."""

    def _take(self, asked: Asked) -> None:
        self.asked.append(asked)
        answer = ANSWERS.get(asked.action, {"status": "Accepted"})
        self._socket.send(json.dumps([3, asked.message_id, answer]))


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "OCPP_STATION_RESERVATIONS": "true",
        "OCPP_HEARTBEAT_INTERVAL": "60",
    }
    with start_server(environment) as running:
        manage(running.environment, "setup_rfid")
        yield running


@pytest.fixture(scope="module")
def api(server):
    """A program that may read, write and control."""
    asked = ("--name", "app", "--user", "admin", "--scopes", "read,write,control")
    key = manage(server.environment, "create_api_key", *asked).strip()
    return Api(server.http, f"Api-Key {key}")


@pytest.fixture
def station(server):
    """A charge point at ``ws://host:port/CP_...``, as the README has it."""
    root = server.ws.removesuffix("/ocpp")
    with Obliging(root, f"CP_README_{next(NUMBERS):03}") as connected:
        yield connected
