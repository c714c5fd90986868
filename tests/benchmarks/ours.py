"""How to start the real Voltdesk server for a measurement: ``manage.py serve``, mostly defaults."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.servers import ROOT, Server
from tests.keeper import NoServer

TABLE = "stations_metervalue"
# Settings of this machine must not leak into a measurement; Voltdesk reads empty as "the default".
_EMPTY = ("REDIS_URL", "CELERY_BROKER_URL", "OCPP_WORKERS", "DATABASE_POOL_SIZE", "SECRET_KEY")
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def server(*, port: int, database_url: str, folder: Path, asgi_server: str) -> Server:
    """Voltdesk on ``port``; an empty ``database_url`` means SQLite in ``folder``."""
    return Server(
        [sys.executable, "manage.py", "serve"],
        {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **dict.fromkeys(_EMPTY, ""),
            "DATABASE_URL": database_url,
            "DATA_DIR": str(folder),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ASGI_SERVER": asgi_server,
            "ADMIN_USERNAME": "admin",
            "ADMIN_PASSWORD": secrets.token_urlsafe(16),
            "LOG_LEVEL": "warning",
            "OCPP_UNKNOWN_STATIONS": "accept",
            "OCPP_ALLOW_UNAUTHENTICATED": "true",
            "OCPP_FRAMES_PER_SECOND": "1000000",  # each of few stations stands for many
            "OCPP_MAX_SOCKETS_PER_ADDRESS": "1000000",
        },
        health="/health",
    )


def sqlite_file(folder: Path) -> Path:
    """Where the server keeps its rows when it has no DATABASE_URL."""
    return folder / "voltdesk.sqlite3"


def made(environment: dict[str, str], script: str, word: str, number: int) -> list[str]:
    """What a process of the server's environment made by ``script``: what it says behind ``word``.

    Raises NoServer where that is not ``number`` lines.
    """
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    said = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(word)]
    if len(said) != number:
        raise NoServer(f"{len(said)} of {number} were made ({word}).\n{done.stderr[-1500:]}")
    return said
