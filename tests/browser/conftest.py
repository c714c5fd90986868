"""A server and a browser for each worker, a window for each person of a test.

Playwright's event loop runs in the thread of the tests, where Django then refuses its database:
rows are made by tests/browser/given.py, in a process of its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import chromium
from tests.browser.visitor import Visitor
from tests.browser.world import Given
from tests.processes import ROOT, Server, start_server

KEPT = ROOT / ".pytest_cache" / "browser"  # pictures and traces of what failed
FAILED = pytest.StashKey[bool]()
WIDE, TALL = 1360, 900
PATIENCE_MS = 20_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Pictures and traces are those of the last run."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(KEPT, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, and say where to look."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        report.sections.append(("pictures and traces (playwright show-trace)", str(_folder(item))))
    return report


def _folder(item: pytest.Item) -> Path:
    return KEPT / re.sub(r"\W+", "-", item.nodeid.removeprefix("tests/browser/")).strip("-")


@pytest.fixture(scope="session")
def server(lasting_environment: dict[str, str]) -> Iterator[Server]:
    """One server for all tests of a worker, with the tables of a demo."""
    with start_server(lasting_environment) as running:
        yield running


@pytest.fixture(scope="session")
def given(server: Server) -> Iterator[Given]:
    """What is made in the server's database, by the functions of tests/browser/given.py."""
    with closing(Given(server.environment)) as made:
        yield made


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser of a worker."""
    with sync_playwright() as playwright:
        running = chromium.launch(playwright, tmp_path_factory.mktemp("home"))
        yield running
        running.close()


@pytest.fixture(scope="session")
def cookies(server: Server) -> dict[str, Any]:
    """What the browsers of those who logged in keep, by their names."""
    return {}


@pytest.fixture
def stranger(
    request: pytest.FixtureRequest, server: Server, browser: Browser
) -> Iterator[Callable[..., Visitor]]:
    """Opens windows of people who have not logged in: ``width``, ``color_scheme`` ...

    Nobody may have anything to complain of when the test ends; where it failed, what the windows
    showed is kept.
    """
    folder, windows = _folder(request.node), []

    def window(width: int = WIDE, **more: Any) -> Visitor:
        size = {"width": width, "height": TALL}
        context = browser.new_context(base_url=server.http, viewport=size, **more)
        context.set_default_timeout(PATIENCE_MS)
        context.tracing.start(screenshots=True, snapshots=True)
        windows.append(Visitor(context, f"127.0.0.1:{server.port}"))
        return windows[-1]

    yield window
    complaints = [line for visitor in windows for line in visitor.complaints]
    for number, visitor in enumerate(windows, 1):
        if complaints or FAILED in request.node.stash:
            visitor.keeps(folder, number)
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def visitor(
    stranger: Callable[..., Visitor], server: Server, cookies: dict[str, Any], given: Given
) -> Callable[..., Visitor]:
    """Opens windows of people who have: the admin, or a role of tests/browser/given.py."""

    def window(who: str = "admin", **more: Any) -> Visitor:
        if who in cookies:
            return stranger(storage_state=cookies[who], **more)
        password = server.password if who == "admin" else given.a_role(name=who)
        found = stranger(**more)
        found.logs_in(who, password)
        cookies[who] = found.context.storage_state()
        return found

    return window


@pytest.fixture
def admin(visitor: Callable[..., Visitor]) -> Visitor:
    """The superuser at a wide window."""
    return visitor()
