"""Fixtures for all tests: the connection kept across Channels, and what a real process needs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from billing.models import Account, TariffVersion
from cms.settings.env import VARIABLES
from tests import prepared
from tests.billing import given
from tests.services import empty_database
from tests.stack import recorded

# What a property finds counts, not how busy the machine is meanwhile.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_report_header() -> str:
    """Say on top of the run which sessions it replays."""
    return recorded.description()


@pytest.fixture(autouse=True)
def keep_test_connection(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes database connections around each dispatch: also that of the test itself.

    Only where the test's own transaction is what keeps the database clean: tests with
    transaction=True use threads with connections of their own, which have to be closed.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker and not marker.kwargs.get("transaction"):
        monkeypatch.setattr("channels.db.close_old_connections", lambda **_: None)


@pytest.fixture(autouse=True)
def ledger_goes_with_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that commits leaves a ledger nobody may empty: only here that is done all the same."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("transactional_db")  # so that it ends after this one
    yield
    if Account.objects.exists() or TariffVersion.objects.exists():
        given.emptied()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """pytest-django's, but the numbers of no two tables begin alike, nor with one.

    PostgreSQL takes no number back when a test is rolled back: which ones a test meets depends on
    those that ran before. One that relies on a number, or takes that of another table, fails here
    at once and not on a bad day.
    """
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences ORDER BY sequencename")
        for place, (name,) in enumerate(cursor.fetchall(), start=1):
            cursor.execute("SELECT setval(%s, %s)", [name, place * 100_000])


@pytest.fixture
def process_environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a server process of this test's own, on the engines of this run.

    A data folder and a database without a row, the run's Redis, and nothing of the tester's own
    settings. To be completed with PORT and the like, and given to subprocess as it is.
    """
    with new_environment(tmp_path / "data") as environment:
        yield environment


@pytest.fixture(scope="module")
def untouched_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same as a first start finds it: without tables."""
    data_dir = tmp_path_factory.mktemp("untouched") / "data"
    with new_environment(data_dir, has_tables=False) as environment:
        yield environment


@pytest.fixture(scope="module")
def shared_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same for all tests of a module: for those that only look."""
    with new_environment(tmp_path_factory.mktemp("shared") / "data") as environment:
        yield environment


@pytest.fixture(scope="session")
def lasting_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same for all tests of a run: for those that keep to stations and cards of their own."""
    with new_environment(tmp_path_factory.mktemp("lasting") / "data") as environment:
        yield environment


# Stations of tests say in a second what others say in a day: tests/hostile has its own limits.
UNLIMITED = dict.fromkeys(
    (
        "OCPP_FRAMES_PER_SECOND",
        "OCPP_FRAME_BURST",
        "OCPP_CONNECTS_PER_MINUTE",
        "OCPP_FAILURES_PER_MINUTE",
    ),
    "1000000",
)


@contextlib.contextmanager
def new_environment(data_dir: Path, *, has_tables: bool = True) -> Iterator[dict[str, str]]:
    """See process_environment."""
    environment = {**os.environ, **dict.fromkeys(VARIABLES, ""), "DATA_DIR": str(data_dir)}
    environment["DJANGO_SETTINGS_MODULE"] = "cms.settings.local"
    environment["OCPP_READ_CONFIGURATION"] = "false"  # tests name the calls they expect
    environment |= UNLIMITED
    if not os.environ["DATABASE_URL"]:
        if has_tables:
            prepared.embedded(environment, data_dir)
        yield environment
        return
    environment["REDIS_URL"] = os.environ["REDIS_URL"]
    url = os.environ["DATABASE_URL"]
    template = prepared.production(environment, url) if has_tables else ""
    with empty_database(url, template=template) as own:
        yield {**environment, "DATABASE_URL": own}
