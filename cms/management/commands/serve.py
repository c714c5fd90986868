"""``manage.py serve``: everything in one process, or one role of a larger installation."""

from __future__ import annotations

import errno
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms import embedded, first_start, server
from cms.demo import Demo
from cms.selftest.background import SelfTest
from cms.shared import clock
from stations.services import stations


class Command(BaseCommand):
    """Starts Voltdesk."""

    help = "Serve stations, the admin and the API until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--only`` for one role of several processes, ``--demo`` for a site that charges."""
        parser.add_argument("--only", choices=["web", "gateway"], help="one role of several")
        parser.add_argument("--demo", action="store_true", help="with simulated stations")

    def handle(self, *args: Any, only: str | None, demo: bool, **options: Any) -> None:
        """Prepare what one process needs, say where it listens, serve."""
        self._check_port()
        self._check_files()
        if only is None:
            self._prepare()
        self._announce(only)
        beside: list[Demo | SelfTest] = [Demo(self.stdout)] if demo else []
        if settings.RUN_OCPP_TEST and only is None:
            beside.append(SelfTest())
        for each in beside:
            each.start()
        try:
            from cms.asgi import application_for

            server.run(application_for(only or "all"), host=settings.HOST, port=settings.PORT)
        except OSError as error:
            raise CommandError(str(error)) from None
        finally:
            for each in beside:
                each.stop()
            self.stdout.write("Voltdesk has stopped.")

    def _check_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as error:
                raise CommandError(_unusable(error)) from None

    def _check_files(self) -> None:
        try:
            server.check()
        except OSError as error:
            raise CommandError(str(error)) from None

    def _prepare(self) -> None:
        first_start.migrate()
        if not settings.REDIS_URL:  # the only process there is: no socket survived the last one
            stations.all_disconnected(at=clock.now())
        made = first_start.create_admin(
            username=settings.ADMIN_USERNAME, password=settings.ADMIN_PASSWORD
        )
        if made:
            self.stdout.write(self.style.SUCCESS(f"Admin user {made[0]}, password {made[1]}"))
            self.stdout.write("(shown this once; change it in the admin)")
        if settings.CELERY_TASK_ALWAYS_EAGER:
            embedded.start_beat()

    def _announce(self, only: str | None) -> None:
        host = "localhost" if settings.HOST in ("0.0.0.0", "::") else settings.HOST
        at = f"{host}:{settings.PORT}"
        if only != "gateway":
            self.stdout.write(f"Admin        http://{at}/admin/")
            self.stdout.write(f"API docs     http://{at}/api/docs")
        if only != "web":
            self.stdout.write(f"Stations     ws://{at}/ocpp/<cpId>")
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()


def _unusable(error: OSError) -> str:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return (
            f"Port {settings.PORT} cannot be used ({error.strerror}). "
            "Stop what uses it, or set PORT to another one."
        )
    return (
        f"HOST has {settings.HOST!r}, but it should be an address of this machine to listen on, "
        f"such as 0.0.0.0 or 127.0.0.1 ({error.strerror})."
    )
