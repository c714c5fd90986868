"""The test runs themselves: on the engines they say, alone, and never silently on less."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.plugin import ENGINE, WORKER
from tests.processes import manage
from tests.source import ROOT

A_TEST = "tests/test_engines.py::test_it_runs_on_the_database_it_says"


def run_pytest(**environment: str) -> subprocess.CompletedProcess[str]:
    """One small pytest run, with nothing but these variables of ours."""
    clean = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", A_TEST],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
    )


def eventually(done: Callable[[], bool]) -> bool:
    """Whether it comes true within ten seconds."""
    until = time.monotonic() + 10
    while not done() and time.monotonic() < until:
        time.sleep(0.05)
    return done()


def answers(url: str) -> bool:
    """Whether a PostgreSQL server answers there."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_it_runs_on_the_database_it_says(db):
    assert connection.vendor == {"embedded": "sqlite", "production": "postgresql"}[ENGINE]


def test_it_runs_on_the_channel_layer_and_cache_it_says():
    async def round_trip() -> dict[str, str]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "doorbell"})
        heard: dict[str, str] = await layer.receive(channel)
        return heard

    assert async_to_sync(round_trip)() == {"type": "doorbell"}
    assert ("redis" in settings.CHANNEL_LAYERS["default"]["BACKEND"]) == (ENGINE == "production")
    cache.set("key", "value")
    assert cache.get("key") == "value"


def test_workers_of_one_run_do_not_meet(db):
    assert settings.DATA_DIR.name == WORKER or not WORKER
    if ENGINE == "production":
        assert WORKER in connection.settings_dict["NAME"]
        assert WORKER == "" or urlsplit(settings.REDIS_URL).path == f"/{int(WORKER[2:]) + 1}"


def test_a_server_process_gets_a_database_of_its_own_with_tables_where_it_wants_them(
    process_environment, untouched_environment
):
    shown = manage(process_environment, "showmigrations", "--plan")
    assert ("[X]" in shown, "[ ]" in shown) == (True, False)
    shown = manage(untouched_environment, "showmigrations", "--plan")
    assert ("[X]" in shown, "[ ]" in shown) == (False, True)


@pytest.mark.once
@pytest.mark.parametrize("name", ["TEST_DATABASE_URL", "TEST_REDIS_URL"])
def test_a_server_that_does_not_answer_is_an_error_and_no_skip(name):
    scheme = "postgresql" if "DATABASE" in name else "redis"
    here = {name: f"{scheme}://somebody@127.0.0.1:1/0", "VOLTDESK_TEST_ENGINE": "production"}
    done = run_pytest(**here)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{name} does not answer" in done.stderr


@pytest.mark.once
def test_an_engine_nobody_knows_is_an_error():
    done = run_pytest(VOLTDESK_TEST_ENGINE="oracle")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "embedded or production" in done.stderr


@pytest.mark.once
def test_the_settings_of_the_tester_change_nothing():
    elsewhere = {"DATABASE_URL": "postgresql://me@127.0.0.1:1/mine", "PORT": "no port at all"}
    assert run_pytest(**elsewhere).returncode == 0


@pytest.mark.once
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_the_servers_end_with_whoever_started_them(end):
    program = "import signal, time; from tests.services import engines; block = engines()\n"
    # A shell's background job ignores it, and hands that down.
    program += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += "with block as urls: print(urls.database_url, flush=True); time.sleep(60)"
    starter = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    url = starter.stdout.readline().strip()
    assert answers(url)
    starter.send_signal(end)
    assert starter.wait(30) != 0
    assert eventually(lambda: not answers(url))
    starter.stdout.close()


@pytest.mark.once
def test_the_keeper_says_what_it_could_not_start(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KEEPER_WITHOUT_POSTGRESQL], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "TEST_DATABASE_URL" in json.loads(done.stdout)["problem"]


KEEPER_WITHOUT_POSTGRESQL = """
import sys
from tests import keeper
keeper.find_spec = lambda name: None
sys.exit(keeper.main(["postgresql"]))
"""
