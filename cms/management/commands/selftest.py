"""``manage.py selftest``: a station and a driver of its own, walked through the running server."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from typing import Any
from urllib.request import ProxyHandler, build_opener

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.selftest.walk import STEP_S, Walk, summary


class Command(BaseCommand):
    """Tests the server that runs, and leaves nothing behind."""

    help = (
        "Connect a station and an app to the running server: BootNotification, RemoteStart,"
        " MeterValues, ReserveNow, RemoteStop. Exit status 1 where a step fails."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the server is; whether it may still be starting."""
        parser.add_argument("--url", help="the server's address; default: this machine at PORT")
        parser.add_argument("--port", type=int, help="another port of this machine")
        parser.add_argument(
            "--wait", type=float, default=0, metavar="S", help="seconds it may take to answer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the steps, say how each went. Raises CommandError where one failed."""
        url = options["url"] or f"http://{_here()}:{options['port'] or settings.PORT}"
        if not url.startswith(("http://", "https://")):
            raise CommandError("--url should be an address such as http://localhost:3000")
        signal.signal(signal.SIGTERM, _interrupted)
        _wait(url, options["wait"])
        done = []
        with closing(Walk(url, STEP_S * settings.OCPP_TEST_INTERVAL_MULTIPLIER).results()) as walk:
            for result in walk:
                done.append(result)
                said = f"FAILED: {result.why}" if result.why else f"{result.seconds:.2f} s"
                self.stdout.write(f"{result.step:<17} {said}")
                self.stdout.flush()
        if any(result.why for result in done):
            raise CommandError(summary(done))
        self.stdout.write(self.style.SUCCESS(summary(done)))


def _here() -> str:
    return "127.0.0.1" if settings.HOST in ("0.0.0.0", "::", "") else settings.HOST


def _interrupted(number: int, frame: Any) -> None:
    """Once: what is under way is cleaned up, and that is not interrupted again."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _wait(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            build_opener(ProxyHandler({})).open(f"{url}/health", timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
