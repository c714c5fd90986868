"""The self-test at the start of a server: beside it, with its result in the log."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

from django.conf import settings

logger = logging.getLogger(__name__)
_STARTING_S = 60  # the server listens by then


class SelfTest:
    """``manage.py selftest`` as a child process; ends with the server."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Begin; it waits for the server by itself."""
        self._running = subprocess.Popen(
            [sys.executable, "manage.py", "selftest", "--wait", str(_STARTING_S), "--no-color"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._report, args=(self._running,), daemon=True).start()

    def stop(self) -> None:
        """End it, and let it clean up."""
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()

    def _report(self, running: subprocess.Popen[str]) -> None:
        said, _ = running.communicate()
        lines = [line for line in said.splitlines() if line.strip()]
        last = lines[-1].removeprefix("CommandError: ") if lines else "Self-test: it said nothing"
        if running.returncode == 0:
            logger.info("%s", last)
        elif running.returncode > 0 and running.returncode < 128:
            logger.error("%s", last)
