"""A durable PostgreSQL for the length of a benchmark, and the counting of what it really kept."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.keeper import NoServer
from tests.services import check_database, kept

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of TEST_DATABASE_URL, else of a PostgreSQL from pip that ends with this process.

    Raises NoServer where there is none, or where its commits do not wait for the disk.
    """
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        check_database(given)
    with kept([] if given else ["postgresql"], durable=True) as urls:
        url = urls.get("postgresql", given)
        _check_durable(url)
        yield url


def version(url: str) -> str:
    """The server's version, such as ``18.4``."""
    with psycopg.connect(url) as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])  # type: ignore[index]


def postgresql_rows(url: str, table: str) -> int:
    """How many rows ``table`` has, as another connection sees them; 0 before it exists."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            return 0
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        return int(connection.execute(query).fetchone()[0])  # type: ignore[index]


def sqlite_rows(file: Path, table: str) -> int:
    """How many rows ``table`` has, as another connection sees them; 0 before it exists."""
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table])
        if known.fetchone() is None:
            return 0
        return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def _check_durable(url: str) -> None:
    with psycopg.connect(url) as connection:
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in _DURABLE}
    off = [name for name, value in settings.items() if value != ("on",)]
    if off:
        raise NoServer(f"This PostgreSQL does not wait for the disk: {', '.join(off)} must be on.")
