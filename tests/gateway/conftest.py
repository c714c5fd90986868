"""Real servers for the tests over sockets: one for the whole run, more where a setting differs."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import new_environment
from tests.gateway.wire import Wire
from tests.processes import Server, start_server
from tests.web import Api, with_api_key

# Quick where a test would wait; the log as the console shows it.
QUICK = {"OCPP_SETTLE_SECONDS": "0.05", "OCPP_COMMAND_TIMEOUT": "2", "OCPP_QUIET_SECONDS": "60"}
_numbers = itertools.count(1)


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    """A server of these settings on the engines of this run, with an empty database."""
    with (
        new_environment(folder) as environment,
        start_server({**environment, **QUICK, **settings}) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server most tests share: unknown stations are accepted, no keys are asked for."""
    with serving(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture(scope="session")
def api(server: Server) -> Api:
    """Its REST API, for a program that may do everything."""
    return with_api_key(server)


@pytest.fixture
def cp_id(request: pytest.FixtureRequest) -> str:
    """An identity no other test uses."""
    words = re.sub(r"\W+", "-", request.node.name.removeprefix("test_"))
    return f"{words[:60].strip('-')}-{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def dial(server: Server, cp_id: str) -> Iterator[Callable[..., Wire]]:
    """Opens sockets that are closed after the test, of its own station unless another is named."""
    with contextlib.ExitStack() as open_sockets:

        def opened(name: str = cp_id) -> Wire:
            return open_sockets.enter_context(Wire(f"{server.ws}/{name}"))

        yield opened


@pytest.fixture
def wire(dial: Callable[..., Wire]) -> Wire:
    """A socket of the test's station."""
    return dial()
