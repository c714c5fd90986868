"""Chooses the engines of a test run before Django's settings load (pytest -p tests.plugin).

VOLTDESK_TEST_ENGINE=embedded (the default): SQLite and the in-memory channel layer.
VOLTDESK_TEST_ENGINE=production: PostgreSQL and Redis, see tests/services.py.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from cms.settings.env import VARIABLES
from tests import prepared
from tests.keeper import NoServer
from tests.services import engines, redis_database

ENGINE = os.environ.get("VOLTDESK_TEST_ENGINE", "embedded")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # "gw0", "gw1" ...; empty in the controller
IN_CI = bool(os.environ.get("CI"))
REAL_PROCESSES = ("journeys", "conformance", "stack", "hostile", "interfaces")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Set the environment, once per run; pytest-django loads the settings inside the yield."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        if WORKER:
            give_worker_its_own()
        else:
            prepare(early_config)
    return (yield)


def prepare(config: pytest.Config) -> None:
    """Set the engines up and the tester's own settings aside; workers inherit the result."""
    if ENGINE not in ("embedded", "production"):
        raise pytest.UsageError(f"VOLTDESK_TEST_ENGINE={ENGINE}: it is embedded or production.")
    running = contextlib.ExitStack()
    config.add_cleanup(running.close)
    environment = pytest.MonkeyPatch()
    running.callback(environment.undo)
    for name in [*VARIABLES, *filter(None, (one.also for one in VARIABLES.values()))]:
        environment.setenv(name, "")  # not deleted: an empty value also hides what .env says
        environment.delenv(f"{name}_FILE", raising=False)
    environment.setenv("DJANGO_SETTINGS_MODULE", "cms.settings.test")
    folder = leave_nothing_behind(running, environment, config.rootpath)
    (folder / "prepared").mkdir()
    environment.setenv(prepared.FOLDER, str(folder / "prepared"))
    if ENGINE == "production":
        try:
            found = running.enter_context(engines())
        except NoServer as problem:
            raise pytest.UsageError(str(problem)) from None
        environment.setenv("DATABASE_URL", found.database_url)
        environment.setenv("REDIS_URL", found.redis_url)
        running.callback(prepared.drop, folder / "prepared", found.database_url)


def leave_nothing_behind(
    running: contextlib.ExitStack, environment: pytest.MonkeyPatch, project: Path
) -> Path:
    """Put every temporary file below one folder that goes with the run; gives that folder.

    What tests put into tmp_path stays in the project's cache where they failed, to be looked at.
    """
    folder = tempfile.TemporaryDirectory(prefix="voltdesk-test-", ignore_cleanup_errors=True)
    path = Path(running.enter_context(folder))
    path.chmod(0o711)  # tests/keeper.py may have to let PostgreSQL through as somebody else
    environment.setenv("TMPDIR", str(path))
    environment.setattr(tempfile, "tempdir", None)  # its memory of where that was
    environment.setenv("DATA_DIR", str(path / "data"))
    kept = project / ".pytest_cache" / "tmp"
    kept.mkdir(parents=True, exist_ok=True)
    environment.setenv("PYTEST_DEBUG_TEMPROOT", str(kept))
    return path


def give_worker_its_own() -> None:
    """Keep parallel workers apart; pytest-django already gives each its own database."""
    os.environ["DATA_DIR"] = str(Path(os.environ["DATA_DIR"]) / WORKER)
    if os.environ["REDIS_URL"]:
        number = int(WORKER.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = redis_database(os.environ["REDIS_URL"], number)


def pytest_report_header() -> str:
    """Say on top of the run what it runs on."""
    return f"engines: {ENGINE} ({'PostgreSQL, Redis' if ENGINE == 'production' else 'SQLite'})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what needed a second try, and how long a bystander waited while others were hostile."""
    for again in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_line(f"needed a second try: {again.nodeid}")
    reports = terminalreporter.getreports("")  # of what comes after a test
    said = [
        (float(value), each.nodeid)
        for each in reports
        for name, value in each.user_properties
        if name == "bystander"
    ]
    if said:
        longest, where = max(said)
        line = f"hostile input: a bystander waited {longest * 1000:.0f} ms at most, in {where}"
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what starts real processes; deselect, visibly, what belongs to the other run.

    The longest tests begin first: nobody is left waiting for one in the end. In CI, on a machine
    that is not ours alone, real processes and browsers get a second try; the end says which did.
    """
    real = [config.rootpath / "tests" / name for name in REAL_PROCESSES]
    browser = config.rootpath / "tests" / "browser"
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in real):
            item.add_marker("stack")
        if item.path.is_relative_to(browser):
            item.add_marker("browser")
        if IN_CI and any(item.path.is_relative_to(folder) for folder in (*real, browser)):
            item.add_marker(pytest.mark.flaky(reruns=1))
    other = "once" if ENGINE == "production" else "production"
    elsewhere = [item for item in items if item.get_closest_marker(other)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if item not in elsewhere]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
