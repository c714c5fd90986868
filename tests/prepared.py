"""A database with its tables, made once per run: servers of the tests start from a copy of it.

To make the tables takes longer than all else a server does before it listens.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.processes import manage

FOLDER = "VOLTDESK_TEST_PREPARED"  # where the workers of a run find it
_FILE = "voltdesk.sqlite3"


def embedded(environment: Mapping[str, str], data_dir: Path) -> None:
    """Put a copy into ``data_dir``, for a server of ``environment``."""
    with _turn() as folder:
        if not (folder / "migrated").exists():
            manage({**environment, "DATA_DIR": str(folder)}, "migrate", "--verbosity", "0")
            (folder / "migrated").touch()
    data_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / _FILE, data_dir / _FILE)


def production(environment: Mapping[str, str], url: str) -> str:
    """The name of the database to copy, on the server of ``url``."""
    with _turn() as folder:
        if not (folder / "migrated").exists():
            name = f"voltdesk_{secrets.token_hex(6)}"
            with psycopg.connect(url, autocommit=True) as server:
                server.execute(f"CREATE DATABASE {name}")
            (folder / "name").write_text(name)
            address = urlsplit(url)._replace(path=f"/{name}").geturl()
            manage({**environment, "DATABASE_URL": address}, "migrate", "--verbosity", "0")
            (folder / "migrated").touch()
        return (folder / "name").read_text()


def drop(folder: Path, url: str) -> None:
    """Leave nothing on a server that may be the tester's own."""
    with contextlib.suppress(FileNotFoundError), psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {(folder / 'name').read_text()} WITH (FORCE)")


@contextlib.contextmanager
def _turn() -> Iterator[Path]:
    """The folder, for one worker at a time."""
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
