"""One server of each kind for all hostile cases of a worker, started when first needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import UNLIMITED
from tests.gateway.conftest import serving
from tests.hostile.target import Target

KINDS = ("daphne", "uvicorn")
# The limits everybody has, but what is refused here is refused for its own sake.
USUAL = {**dict.fromkeys(UNLIMITED, ""), "OCPP_FAILURES_PER_MINUTE": "1000000"}


@pytest.fixture(scope="session")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Target]]:
    """The server of a kind. Started once: what earlier cases did to it is part of the test."""
    with contextlib.ExitStack() as running:
        found: dict[str, Target] = {}

        def of(kind: str) -> Target:
            if kind not in found:
                folder = tmp_path_factory.mktemp(kind)
                server = running.enter_context(serving(folder, ASGI_SERVER=kind, **USUAL))
                found[kind] = Target(kind, server)
            return found[kind]

        yield of


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, targets: Callable[[str], Target]) -> Iterator[Target]:
    """A server; after the case the process, another station and the log are looked at."""
    found = targets(request.param)
    found.longest = 0.0
    yield found
    found.unharmed()
    request.node.user_properties.append(("bystander", str(found.longest)))
