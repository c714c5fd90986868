"""The demo: two sites, six stations, a few cards, and simulated stations that really charge."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command


class Demo:
    """Seeds the demo site and runs the simulator's fleet as a child process."""

    def __init__(self, stdout: Any) -> None:
        self._stdout = stdout
        self._fleet: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Seed, and start the fleet; it waits for the server by itself."""
        call_command("seed_demo", stdout=self._stdout)
        self._fleet = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.simulator", "--seed", "1"),
                *("--url", f"ws://127.0.0.1:{settings.PORT}/ocpp"),
                *("--ids", ",".join(DEMO_STATIONS), "--cards", ",".join(DEMO_CARDS)),
                "--until-input-closes",  # so that it ends with us, however we end
            ],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """End the fleet. The server is gone: what it would still like to say nobody hears."""
        if self._fleet is not None:
            self._fleet.kill()
            self._fleet.wait()


DEMO_STATIONS = (
    "DEMO-HARBOUR-1",
    "DEMO-HARBOUR-2",
    "DEMO-HARBOUR-3",
    "DEMO-MARKET-1",
    "DEMO-MARKET-2",
    "DEMO-MARKET-3",
)
DEMO_CARDS = ("DEMO0001", "DEMO0002", "DEMO0003", "DEMO0004", "DEMO0005", "DEMO0006")
