"""The socket of a live page in the hands of a test: bursts on it, fetches held while more comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Request, Route

_KEEP = """(() => {
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(...all) { super(...all); window.line = this; }
  };
})()"""
_BURST = """async ([names, times]) => {
  const said = { data: JSON.stringify({ changed: names }) };
  for (let time = 0; time < times; time += 1) {
    line.onmessage(said);
    await new Promise((goes) => setTimeout(goes, 5));
  }
}"""


def keep(page: Page) -> None:
    """Let the page's socket be found by ``burst``; before it is opened."""
    page.add_init_script(_KEEP)


def burst(page: Page, *names: str, times: int = 50) -> None:
    """Say that these things changed, as the server would, so many times in a row."""
    page.evaluate(_BURST, [list(names), times])


class Told:
    """What the server says on the page's sockets; before the page is opened."""

    def __init__(self, page: Page) -> None:
        self._page, self._count = page, 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._note))

    def by(self, happening: Callable[[], object]) -> None:
        """Let something happen, until the page was told of it."""
        before = self._count
        happening()
        until(self._page, lambda: self._count > before)

    def _note(self, _frame: object) -> None:
        self._count += 1


def until(page: Page, met: Callable[[], object]) -> None:
    """Wait, while the page goes on. Raises AssertionError."""
    for _ in range(400):
        if met():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came")


class Fetches:
    """What a page asks for from now on, by the end of its path."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.paths.append(request.url.partition("?")[0])

    def of(self, end: str) -> int:
        """How many were for a path that ends so."""
        return sum(path.endswith(end) for path in self.paths)


class Held:
    """The first answer for a path, kept from the page until ``comes``."""

    def __init__(self, page: Page, glob: str) -> None:
        self._route: Route | None = None
        self._answer: Any = None
        page.route(glob, self._take)

    @property
    def is_under_way(self) -> bool:
        """Whether the server has answered."""
        return self._answer is not None

    def comes(self) -> None:
        """Let the page have it; what it asks from now on is not kept."""
        assert self._route
        self._route.fulfill(response=self._answer)

    def _take(self, route: Route) -> None:
        if self._route is not None:
            route.continue_()
            return
        self._route, self._answer = route, route.fetch()
