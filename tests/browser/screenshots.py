"""Photographs of the eight main pages, light and dark, for the README: `make screenshots`.

Of a demo with two months of business behind it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from cms.settings.env import VARIABLES
from tests.browser import chromium
from tests.browser.visitor import Visitor
from tests.browser.world import Given
from tests.processes import ROOT, Server, eventually, manage, start_server

FOLDER = ROOT / "docs" / "screenshots"
SHOWN = ("home", "stations", "station", "session", "log", "cards", "report", "wallet")
PASSWORD = "only for photographs"
_FLEET_S = 120.0  # until stations of the demo charge
_SIZE = {"width": 1360, "height": 900}


def main(folder: Path) -> None:
    """Make the demo, wait until it lives, take the photographs."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="voltdesk-photos-") as home:
        environment = _environment(Path(home) / "data")
        manage(environment, "migrate", "--verbosity", "0")
        with closing(Given(environment)) as given, start_server(environment, "--demo") as server:
            pages = given.a_history()
            eventually(lambda: given.charging() >= 2, _FLEET_S)
            pages["station"] = given.a_station_that_charges()
            with sync_playwright() as playwright:
                browser = chromium.launch(playwright, Path(home))
                for look in ("light", "dark"):
                    _photographs(browser, server, look, pages, folder)
                browser.close()


def _environment(data_dir: Path) -> dict[str, str]:
    """The embedded default, and nothing of this machine's own settings."""

    own = {"DATA_DIR": str(data_dir), "ADMIN_PASSWORD": PASSWORD}
    settings = {"DJANGO_SETTINGS_MODULE": "cms.settings.local"}
    return {**os.environ, **dict.fromkeys(VARIABLES, ""), **own, **settings}


def _photographs(
    browser: Browser, server: Server, look: Any, pages: Mapping[str, str], folder: Path
) -> None:
    context = browser.new_context(base_url=server.http, viewport=_SIZE, color_scheme=look)
    visitor = Visitor(context, f"127.0.0.1:{server.port}")
    visitor.logs_in("admin", PASSWORD)
    for name in SHOWN:
        visitor.goes(pages[name])
        visitor.page.wait_for_timeout(2000)  # parts are fetched, charts draw themselves
        visitor.page.screenshot(path=folder / f"{name}-{look}.jpg", type="jpeg", quality=80)
    context.close()
    assert visitor.complaints == []


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
