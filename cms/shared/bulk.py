"""Many rows in one statement, on both engines: for the hot path, where the ORM costs too much.

The rows travel as one JSON text, which orjson writes and either engine reads as a table. That is a
fraction of what psycopg's arrays cost (it quotes every text of them in Python), and lets one
statement serve PostgreSQL and SQLite alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import psycopg
from django.db import connection, transaction


class Step(NamedTuple):
    """An SQL statement whose ``{values}`` becomes a table ``v`` of ``columns`` and ``rows``."""

    statement: str
    columns: dict[str, str]
    rows: Sequence[tuple[Any, ...]]


def insert(table: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> Step:
    """Insert ``rows``; one that exists already (by any unique key) is left as it is."""
    names = ", ".join(columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM {{values}} WHERE true"
    return Step(f"{statement} ON CONFLICT DO NOTHING", columns, rows)


def run(steps: Iterable[Step]) -> list[int]:
    """Do ``steps`` in order, all or none; gives how many rows each wrote. Without rows: none.

    Inside a transaction they are part of it. Outside they make one of their own; on PostgreSQL
    that costs a single exchange with the server, its commit included.
    """
    wanted = [*steps]
    due = [step for step in wanted if step.rows]
    connection.ensure_connection()
    # Past Django's cursors, but with its errors: who catches them closes a connection that broke.
    with connection.wrap_database_errors:
        written = iter((_on_postgresql if connection.vendor == "postgresql" else _on_sqlite)(due))
    return [next(written) if step.rows else 0 for step in wanted]


def _on_postgresql(steps: list[Step]) -> list[int]:
    # What a pipeline sends between two syncs is one transaction (PostgreSQL manual, 32.5.1.1).
    # A psycopg.Cursor binds on the server: the text travels as it is, statements get prepared.
    raw = connection.connection
    cursors = [psycopg.Cursor(raw) for _ in steps]
    with raw.pipeline():
        for step, cursor in zip(steps, cursors, strict=True):
            statement = step.statement.format(values=_json_to_recordset(step.columns))
            cursor.execute(statement, [_text(step, None)])
    return [cursor.rowcount for cursor in cursors]  # known once the pipeline was synchronised


def _on_sqlite(steps: list[Step]) -> list[int]:
    written = []
    with transaction.atomic():
        for step in steps:
            statement = step.statement.format(values=_json_each(step.columns))
            done = connection.connection.execute(statement, [_text(step, _naive)])
            written.append(done.rowcount)
    return written


def _json_to_recordset(columns: dict[str, str]) -> str:
    definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(%s::json) AS v({definition})"


def _json_each(columns: dict[str, str]) -> str:
    members = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {members} FROM json_each(?)) AS v"


def _text(step: Step, default: Any) -> str:
    names = tuple(step.columns)
    objects = [dict(zip(names, row, strict=True)) for row in step.rows]
    option = orjson.OPT_PASSTHROUGH_DATETIME if default else 0
    return orjson.dumps(objects, default=default, option=option).decode()


def _naive(moment: datetime) -> str:
    """A time as Django writes it into SQLite: UTC, without a zone."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))
