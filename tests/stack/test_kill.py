"""Two hundred stations charge while the server dies ten times: what they were told is kept, is."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.processes import start_server
from tests.simulator.replay import ReplayOptions
from tests.stack import proof, truth
from tests.stack.killing import CUT_OFF, KILLED, STOPPED, Happening, replayed
from tests.stack.recorded import fleet_file
from tests.web import logged_in

# What could not be stored is said again without a pause.
_AT_ONCE = {"TransactionMessageRetryInterval": "0", "TransactionMessageAttempts": "100"}
_RNG = random.Random("what happens to the server")


def moments(count: int) -> list[int]:
    """When it happens, in acknowledged messages: at random, far enough apart to come back."""
    return [300 + 380 * number + _RNG.randrange(150) for number in range(count)]


KILLS = [(moment, KILLED) for moment in moments(10)]
STOPS = [(moment, STOPPED) for moment in moments(3)]
CUTS = [(moment, CUT_OFF) for moment in moments(6)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("fleet", "timeout", "happenings"),
    [
        pytest.param((200, 2), 30.0, KILLS, id="killed"),
        # They lose patience before it wakes, and say the same again on the same socket.
        pytest.param((8, 18), 1.0, STOPS, id="stopped"),
        pytest.param((100, 3), 30.0, CUTS, id="cut-off", marks=pytest.mark.production),
    ],
)
def test_nothing_acknowledged_is_lost_when_the_server_is(
    process_environment,
    tmp_path,
    fleet: tuple[int, int],
    timeout: float,
    happenings: list[tuple[int, Happening]],
):
    process_environment["LOG_LEVEL"] = "warning"
    file = fleet_file(tmp_path, *fleet)
    with start_server(process_environment) as server:
        options = ReplayOptions(server.ws, file, samples=3, timeout=timeout, settings=_AT_ONCE)
        summary = asyncio.run(replayed(options, server, happenings))
        assert summary.drained, summary.as_dict()
        told = summary.records

        sessions = proof.stored_sessions(process_environment)
        assert sessions == proof.acknowledged_sessions(told)
        assert {session.status for session in sessions.values()} == {"Completed"}
        readings = proof.stored_readings(process_environment)
        assert len(readings) == len(set(readings))
        assert set(readings) == proof.acknowledged_readings(told)
        statuses = truth.stored_statuses(process_environment)
        assert set(statuses.values()) == {1}
        assert proof.acknowledged_statuses(told) <= proof.stored_statuses(process_environment)

        assert truth.stored_sessions(process_environment) == truth.sessions(file)
        assert statuses - truth.greetings(file) == truth.statuses(file)
        assert {each[2] for each in truth.statuses_now(process_environment)} == {"Available"}


def test_people_stay_logged_in_when_the_server_is_killed(process_environment):
    with start_server(process_environment) as server:
        person = logged_in(server)
        assert person.open("/admin/").status == 200
        server.kill()
        server.start()
        assert "Log out" in person.open("/admin/").body
        assert server.said.count("Admin user") == 1
