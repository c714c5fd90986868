"""Fifty stations charge while the server dies three times: what they were told is stored, is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.processes import Server, eventually, start_server
from tests.rows import frozen, one
from tests.simulator.fleet import FleetOptions, run_fleet
from tests.simulator.summary import FleetSummary
from tests.stack import proof
from tests.stack.killing import killed_meanwhile
from tests.web import logged_in, with_api_key

STATIONS, CARDS = 50, [f"KILL{number:04d}" for number in range(150)]
_RNG = random.Random("kills of the fleet")
PAUSES_S = [_RNG.uniform(1.5, 4.0) for _ in range(3)]  # from "all are charging" to the kill
_MANY = STATIONS // 2
_ACTIVE = "SELECT count(*) FROM stations_chargingsession WHERE status = 'Active'"
# A second is a minute there: each connector sends a sample every second, drivers stay 2 to 15.
_FLEET = partial(
    FleetOptions,
    stations=STATIONS,
    prefix="KILL-",
    cards=CARDS,
    seed=7,
    speed=60.0,
    pause_s=(5.0, 90.0),
    settings={"MeterValueSampleInterval": "60"},
    outage_s=(0.0, 0.2),
)


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(process_environment):
    process_environment["LOG_LEVEL"] = "warning"
    with start_server(process_environment) as server:
        add_cards(server)
        summary = asyncio.run(charging(server))
        told = summary.records
        assert summary.drained, summary.as_dict()
        assert summary.sessions_started > STATIONS
        assert all(records.counts["connected"] > len(PAUSES_S) for records in told.values())

        readings = proof.stored_readings(process_environment)
        assert len(readings) == len(set(readings)) > 10 * STATIONS
        assert set(readings) == proof.acknowledged_readings(told)
        sessions = proof.stored_sessions(process_environment)
        assert sessions == proof.acknowledged_sessions(told)
        assert proof.statuses_of_sessions(process_environment).keys() == {"Completed"}
        assert proof.acknowledged_statuses(told) <= proof.stored_statuses(process_environment)


def test_people_stay_logged_in_when_the_server_is_killed(process_environment):
    with start_server(process_environment) as server:
        person = logged_in(server)
        assert person.open("/admin/").status == 200
        server.kill()
        server.start()
        assert "Log out" in person.open("/admin/").body
        assert server.said.count("Admin user") == 1


async def charging(server: Server) -> FleetSummary:
    """The fleet charges; the server dies three times while it does, and then it goes on a while."""
    stop = asyncio.Event()

    async def go_on() -> None:
        await until_many_charge(server)
        await asyncio.sleep(3.0)
        stop.set()

    moments = [partial(in_the_middle, server, pause_s) for pause_s in PAUSES_S]
    return await killed_meanwhile(run_fleet(_FLEET(url=server.ws), stop), server, moments, go_on)


@asynccontextmanager
async def in_the_middle(server: Server, pause_s: float) -> AsyncIterator[None]:
    """A moment when many stations charge, and have all said what cannot be stored just now."""
    await until_many_charge(server)
    await asyncio.sleep(pause_s)
    with frozen(server.environment):
        await asyncio.sleep(1.2)
        yield


async def until_many_charge(server: Server) -> None:
    """Wait until half of the stations have an open session."""
    charging = await asyncio.to_thread(
        eventually, lambda: one(server.environment, _ACTIVE) >= _MANY, 60.0
    )
    assert charging, server.said[-2000:]


def add_cards(server: Server) -> None:
    """The cards of the fleet's drivers, over REST."""
    api = with_api_key(server)
    for id_tag in CARDS:
        assert api.post("rfid", {"tagId": id_tag}).status == 201
