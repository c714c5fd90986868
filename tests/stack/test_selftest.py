"""``manage.py selftest`` against a running server: what it finds, and that nothing stays behind."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.processes import (
    MANAGE,
    NotRunning,
    Process,
    eventually,
    manage,
    server_port,
    start_server,
)

STEPS = (
    *("Prepare", "BootNotification", "Login", "RemoteStart", "MeterValues", "ReserveNow"),
    *("RemoteStop", "Clean-up"),
)
# A price for everybody, so that a bill could come of it; and what is there besides.
_WORLD = """
from datetime import timedelta
from billing.services import tariffs
from cms.shared import clock
from rfid.services import cards
from stations.services import sessions, stations
at = clock.now()
terms = {"currency": "EUR", "components": [{"kind": "start", "price": "1"}]}
tariff = tariffs.define(name="T", terms=terms, at=at - timedelta(days=1)).tariff
tariffs.assign(tariff=tariff, level="everywhere")
cards.create(id_tag="ANN")
station = stations.create(cp_id="OTHER")
sessions.start(station_id=station.pk, start=sessions.Start(1, "ANN", at, 0), at=at)
"""
_COUNTS = """
import json
from django.apps import apps
print(json.dumps({m._meta.label: m._default_manager.count() for m in apps.get_models()}))
"""
# What a running server writes by itself
_ITS_OWN = ("stations.NetworkHour", "stations.EnergyHour", "stations.EnergyTally", "rfid.")


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_ALLOW_UNAUTHENTICATED": "false",
        "OCPP_UNKNOWN_STATIONS": "reject",
        "BILLING_SETTLE_SECONDS": "0",
        "OCPP_TEST_INTERVAL_MULTIPLIER": "3",
    }
    with start_server(environment) as running:
        manage(running.environment, "shell", "--verbosity", "0", "-c", _WORLD)
        yield running


def rows(server) -> dict[str, int]:
    """How many rows each table has that only grows when somebody does something."""
    said = manage(server.environment, "shell", "--verbosity", "0", "-c", _COUNTS)
    found: dict[str, int] = json.loads(said.splitlines()[-1])
    return {name: number for name, number in found.items() if not name.startswith(_ITS_OWN)}


def left_behind(server, before: dict[str, int]) -> dict[str, int]:
    """By how many rows tables differ from what they had."""
    now = rows(server)
    return {name: now[name] - had for name, had in before.items() if now[name] != had}


def test_every_step_goes_well_and_nothing_stays_behind(server):
    before = rows(server)
    said = manage(server.environment, "selftest", "--no-color")
    lines = said.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == [*STEPS]
    assert lines[-1].startswith("Self-test: 8 passed")
    assert lines[-1].endswith("0 failed")
    assert left_behind(server, before) == {}


def test_two_at_once_do_not_meet(server):
    before = rows(server)
    both = [_running(server, number) for number in range(2)]
    for process in both:
        process.start()
    assert [process.wait(90) for process in both] == [0, 0], [process.said for process in both]
    assert left_behind(server, before) == {}


@pytest.mark.once
def test_a_server_with_another_secret_fails_it_with_a_clear_line(server):
    before = rows(server)
    other = {**server.environment, "SECRET_KEY": "another" * 10}
    with pytest.raises(NotRunning) as failure:
        manage(other, "selftest", "--no-color")
    assert re.search(r"BootNotification +FAILED: .* 401 .*SECRET_KEY", str(failure.value))
    assert left_behind(server, before) == {}


@pytest.mark.once
def test_where_nobody_listens_it_fails_and_leaves_nothing(server):
    before = rows(server)
    with pytest.raises(NotRunning, match=r"BootNotification +FAILED: ws://.* lets nobody in"):
        manage(server.environment, "selftest", "--port", str(server_port()))
    assert left_behind(server, before) == {}


@pytest.mark.once
def test_one_that_is_interrupted_cleans_up(server):
    before = rows(server)
    process = _running(server, 9)
    process.start()
    process.until_it_says("Login")
    process.send(signal.SIGTERM)
    assert process.wait(90) == 128 + signal.SIGTERM, process.said
    assert left_behind(server, before) == {}


@pytest.mark.once
def test_a_server_tests_itself_at_its_start(process_environment):
    environment = {**process_environment, "RUN_OCPP_TEST": "1", "OCPP_ALLOW_UNAUTHENTICATED": ""}
    environment["OCPP_TEST_INTERVAL_MULTIPLIER"] = "3"
    with start_server(environment) as running:
        assert eventually(lambda: "Self-test: 8 passed" in running.said, 120), running.said


def _running(server, number: int) -> Process:
    log = server.log.with_name(f"selftest{number}")
    return Process([*MANAGE, "selftest", "--no-color"], server.environment, log)
