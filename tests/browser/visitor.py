"""A person at the browser: goes to pages, works with dialogs; what pages complain of is kept."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

_LOCAL = ("data", "blob", "about")  # what a page makes itself
# Beyond the window, in whole pixels; what scrolls in a frame of its own does not count.
_OVERFLOW = """() => Math.max(
  document.documentElement.scrollWidth, document.body.scrollWidth
) - innerWidth"""

_ENTRIES = "links => links.map(a => [a.querySelector('span:not([class])').textContent, a.pathname])"


class Visitor:
    """One window of one person. ``complaints`` must be empty when they leave."""

    def __init__(self, context: BrowserContext, host: str) -> None:
        self.context, self._host = context, host
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._fail)
        self.page.on("request", self._ask)
        self.page.on("websocket", lambda socket: self._reach(socket.url))

    def goes(self, path: str) -> Response:
        """Open a page, wait until all it loads is there, and that it is a page."""
        response = self.page.goto(path, wait_until="load")
        assert response is not None
        assert response.status == 200, f"{path}: {response.status}"
        return response

    def logs_in(self, username: str, password: str) -> None:
        """By the form, from wherever the admin sends a stranger."""
        self.goes("/admin/")
        self.page.locator("#id_username").fill(username)
        self.page.locator("#id_password").fill(password)
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role("button", name="Log in").click()

    @property
    def menu(self) -> dict[str, str]:
        """The entries of the sidebar, and where they lead."""
        entries = self.page.locator("#nav-sidebar-apps li a").evaluate_all(_ENTRIES)
        return dict(entries)

    def opens(self, action: str) -> Locator:
        """Press an action of the page; gives the dialog it opens."""
        self.page.get_by_role("link", name=action).first.click()
        expect(self.dialog).to_be_visible()
        return self.dialog

    def fills(self, **fields: str) -> None:
        """Write into fields of the dialog, by their names in the form."""
        for name, value in fields.items():
            self.dialog.locator(f"[name={name}]").fill(value)

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def presses(self, button: str) -> None:
        """Press the button of the dialog."""
        footer = self.dialog.locator("footer")
        footer.get_by_role("button", name=button, exact=True).click()

    def finishes(self, button: str) -> None:
        """Press the button of the dialog, which leads to a page."""
        with self.page.expect_navigation(wait_until="load"):
            self.presses(button)

    @property
    def text(self) -> str:
        """What the page's main part says."""
        return self.page.locator("#main, body").last.inner_text()

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than its window: 0 is right."""
        return max(int(self.page.evaluate(_OVERFLOW)), 0)

    def takes_back(self) -> list[str]:
        """The complaints so far, which are then forgotten: for a test that expects some."""
        found, self.complaints = self.complaints, []
        return found

    def keeps(self, folder: Path, number: int) -> None:
        """Put a picture of the window and the trace of all that happened into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"window-{number}.png", full_page=True)
        self.context.tracing.stop(path=folder / f"trace-{number}.zip")

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self._complain(f"{said.type}: {said.text} ({said.location.get('url', '')})")

    def _fail(self, error: Error) -> None:
        self._complain(f"exception: {error.message}")

    def _ask(self, request: Request) -> None:
        self._reach(request.url)

    def _reach(self, url: str) -> None:
        found = urlsplit(url)
        if found.scheme not in _LOCAL and found.netloc != self._host:
            self._complain(f"asked somebody else: {url}")

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{urlsplit(self.page.url).path}: {text}")
