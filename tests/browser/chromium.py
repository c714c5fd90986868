"""The Chromium of this machine, driven by Playwright; it reaches nobody but this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoBrowser(Exception):
    """There is none on PATH; the message says how to get one."""


def installed() -> str:
    """Where it is. Raises NoBrowser."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowser(
        f"The browser tests need one of {', '.join(_NAMES)} on PATH: "
        "`make test-browser` as root installs it, or apt-get install chromium"
    )


def launch(playwright: Playwright, home: Path) -> Browser:
    """Start it; what it keeps for itself goes to ``home``. Raises NoBrowser.

    Names of other hosts are found nowhere. To stop requests by Playwright's routes would do the
    same and switch the browser's cache off: every page would load every script anew.
    """
    return playwright.chromium.launch(
        executable_path=installed(),
        args=["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--no-proxy-server"],
        env={**os.environ, "HOME": str(home)},
    )
