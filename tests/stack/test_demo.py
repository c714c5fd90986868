"""``manage.py serve --demo``: a site that charges by itself, and that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.processes import Server, eventually, start_server
from tests.rows import one
from tests.web import with_api_key

pytestmark = pytest.mark.once  # the demo is for the embedded engines

_ONLINE = "SELECT count(*) FROM stations_chargingstation WHERE connection_id <> ''"
_CHARGED = "SELECT count(*) FROM stations_chargingsession WHERE energy_wh > 0"


@pytest.fixture
def demo(process_environment):
    process_environment["LOG_LEVEL"] = "warning"
    with start_server(process_environment, "--demo") as server:
        assert eventually(lambda: one(server.environment, _ONLINE) == 6, 60), server.said
        yield server


def test_two_sites_with_six_stations_and_six_cards_really_charge(demo):
    api = with_api_key(demo)
    stations = api.get("stations").body
    assert len(stations) == 6
    assert len({station["site"]["name"] for station in stations}) == 2
    assert {station["isConnected"] for station in stations} == {True}
    assert len(api.get("rfid").body) == 6
    # The first driver comes within a minute or so, and the next sample shows what was charged.
    assert eventually(lambda: one(demo.environment, _CHARGED) > 0, 150), demo.said
    session = api.get(f"sessions/{charged(demo)}").body
    assert session["authorization"] == "Accepted"
    assert session["energyKwh"] > 0
    assert session["meterValues"]
    cost = api.get(f"sessions/{session['id']}/cost").body
    assert cost["tariff"].startswith("Demo ")
    assert [line["kind"] for line in cost["lines"]][:1] == ["energy"]
    outlets = {
        (each["connectorType"], each["maxPowerKw"])
        for station in stations
        for each in station["connectors"]
    }
    assert outlets == {("Type 2", 22), ("Type 2", 11), ("CCS2", 50)}


def test_ctrl_c_ends_the_stations_with_the_server(demo):
    began = time.monotonic()
    os.killpg(demo.pid, signal.SIGINT)  # as a terminal does it: to all of them
    assert demo.wait(15) == 0
    assert time.monotonic() - began < 8
    assert demo.said.rstrip().endswith("Voltdesk has stopped.")
    assert eventually(lambda: demo.left_nothing, 5)


def test_the_stations_end_with_a_server_that_is_asked_to_stop(demo):
    began = time.monotonic()
    demo.send(signal.SIGTERM)
    assert demo.wait(15) == 0
    assert time.monotonic() - began < 8
    assert eventually(lambda: demo.left_nothing, 5)


def test_the_stations_end_with_a_server_that_is_killed(demo):
    demo.kill()
    assert eventually(lambda: demo.left_nothing, 30)


def charged(server: Server) -> int:
    """A session that has charged something."""
    first = "SELECT min(transaction_id) FROM stations_chargingsession WHERE energy_wh > 0"
    return int(one(server.environment, first))
