"""The doorbell may be lost, the rows are not: Redis goes away and comes back."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import redis

from tests.processes import Server, eventually, start
from tests.stack.installation import Redis, installed
from tests.stack.station import PlainStation
from tests.web import Api, with_api_key

pytestmark = pytest.mark.production


class Installation(NamedTuple):
    """A web process and a gateway on a Redis of their own."""

    redis: Redis
    web: Server
    gateway: Server
    api: Api


@pytest.fixture(scope="module")
def installation(shared_environment, tmp_path_factory):
    own = Redis(tmp_path_factory.mktemp("redis"))
    with start(own):
        environment = {**shared_environment, "REDIS_URL": own.url}
        with installed(environment, "web", "gateway") as (web, gateway):
            yield Installation(own, web, gateway, with_api_key(web))


@pytest.fixture
def without_redis(installation):
    """Redis is away for the length of the test."""
    installation.redis.kill()
    yield installation
    if not installation.redis.alive:
        installation.redis.start()


def status_of(installation: Installation, url: str) -> str:
    """How a command stands."""
    return str(installation.api.get(url.removeprefix("/api/")).body["status"])


def test_the_doorbell_rings_when_everything_is_well(installation):
    with PlainStation(installation.gateway.ws, "BELL-WELL") as station:
        station.settle()
        assert installation.api.post("admin/BELL-WELL/clear-cache").status == 200
        assert len(station.asked) == 1


def test_stations_connect_and_charge_without_redis(without_redis):
    with PlainStation(without_redis.gateway.ws, "BELL-CHARGE") as station:
        start = {"connectorId": 1, "idTag": "RFID_001", "meterStart": 0}
        start["timestamp"] = "2026-01-01T00:00:00Z"
        number = station.call("StartTransaction", start)["transactionId"]
        assert without_redis.api.get(f"sessions/{number}").body["sessionStatus"] == "ACTIVE"


def test_a_heartbeat_brings_a_command_whose_doorbell_was_lost(without_redis):
    with PlainStation(without_redis.gateway.ws, "BELL-LOST") as station:
        station.settle()
        asked = without_redis.api.post("admin/BELL-LOST/clear-cache?wait=0")
        assert asked.status == 202, asked.body
        station.settle()
        assert station.asked == []
        station.call("Heartbeat")
        url = asked.body["url"]
        assert eventually(lambda: status_of(without_redis, url) == "Answered")
        assert len(station.asked) == 1


def test_a_caller_who_waits_gets_the_answer_without_redis(without_redis):
    with PlainStation(without_redis.gateway.ws, "BELL-WAIT") as station:
        station.settle()
        asked = without_redis.api.post("admin/BELL-WAIT/clear-cache?wait=2")
        assert asked.status in (200, 202), asked.body
        station.call("Heartbeat")
        assert eventually(lambda: len(station.asked) == 1)


def test_the_doorbell_rings_again_after_redis_came_back(installation):
    with PlainStation(installation.gateway.ws, "BELL-AGAIN") as station:
        station.settle()
        installation.redis.kill()
        installation.redis.start()

        def rings() -> bool:
            answer = installation.api.post("admin/BELL-AGAIN/clear-cache?wait=1")
            return bool(answer.status == 200)

        assert eventually(rings, 30)
        assert installation.gateway.answers()
        assert len(station.asked) >= 1


def test_a_flushed_redis_loses_no_command(installation):
    with PlainStation(installation.gateway.ws, "BELL-FLUSH") as station:
        station.settle()
        with redis.Redis.from_url(installation.redis.url) as client:
            client.flushall()
            client.client_kill_filter(_type="pubsub")
        asked = installation.api.post("admin/BELL-FLUSH/clear-cache?wait=0")
        assert asked.status == 202
        station.call("Heartbeat")
        assert eventually(lambda: status_of(installation, asked.body["url"]) == "Answered")
        assert len(station.asked) == 1
