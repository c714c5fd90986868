"""Many rows in one statement, on both engines: for the hot path, where the ORM costs too much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection

Rows = Sequence[tuple[Any, ...]]


def insert(table: str, columns: dict[str, str], rows: Rows) -> None:
    """Insert ``rows``; one that exists already (by any unique key) is left as it is.

    ``columns`` names each column and its PostgreSQL type. Must run inside a transaction.
    """
    if not rows:
        return
    names = ", ".join(columns)
    if connection.vendor == "postgresql":
        sql = (
            f"INSERT INTO {table} ({names}) SELECT * FROM {_unnest(columns)} ON CONFLICT DO NOTHING"
        )
        _execute(sql, rows)
    else:
        marks = ", ".join("?" * len(columns))
        _sqlite().executemany(
            f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", _plain(rows)
        )


def update_from(sql: str, columns: dict[str, str], rows: Rows) -> None:
    """Run ``sql``, an UPDATE whose ``{values}`` becomes a table ``v`` of ``columns`` and ``rows``."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        _execute(
            sql.replace("{values} AS v", f"{_unnest(columns)} AS v({', '.join(columns)})"), rows
        )
    else:
        marks = ", ".join(f"? AS {name}" for name in columns)
        _sqlite().executemany(sql.format(values=f"(SELECT {marks})"), _plain(rows))


def _unnest(columns: dict[str, str]) -> str:
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    return f"unnest({arrays})"


def _execute(sql: str, rows: Rows) -> None:
    # A cursor that binds on the server: arrays travel as they are, and statements get prepared.
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def _sqlite() -> Any:
    connection.ensure_connection()
    return connection.connection


def _plain(rows: Rows) -> list[tuple[Any, ...]]:
    """Times as the text Django writes into SQLite: UTC, without a zone."""
    return [
        tuple(
            str(value.astimezone(UTC).replace(tzinfo=None))
            if isinstance(value, datetime)
            else value
            for value in row
        )
        for row in rows
    ]
