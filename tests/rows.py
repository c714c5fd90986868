"""Looks into the database of a server process from outside: SQL, none of the server's code."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg


def rows(environment: Mapping[str, str], statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query gives; ``?`` in the statement stands for a value."""
    with _connection(environment) as (connection, mark):
        return connection.execute(statement.replace("?", mark), values).fetchall()  # type: ignore[no-any-return]


def one(environment: Mapping[str, str], statement: str, *values: Any) -> Any:
    """The first column of the only row."""
    [(value,)] = rows(environment, statement, *values)
    return value


def change(environment: Mapping[str, str], statement: str, *values: Any) -> int:
    """Write behind the server's back (to set a clock back, say); gives the number of rows."""
    with _connection(environment) as (connection, mark):
        cursor = connection.execute(statement.replace("?", mark), values)
        connection.commit()
        return int(cursor.rowcount)


def stored(at: datetime) -> str:
    """A time as either engine takes it for a column of Django's; UTC."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def cut_off(environment: Mapping[str, str]) -> None:
    """End every connection the server has to its PostgreSQL, as an operator or a failover does."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@contextlib.contextmanager
def _connection(environment: Mapping[str, str]) -> Iterator[tuple[Any, str]]:
    """A connection to the server's database, and how it marks a value."""
    url = environment["DATABASE_URL"]
    if url:
        with psycopg.connect(url, options="-c timezone=UTC") as connection:
            yield connection, "%s"
        return
    file = Path(environment["DATA_DIR"]) / "voltdesk.sqlite3"
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as embedded:
        yield embedded, "?"
