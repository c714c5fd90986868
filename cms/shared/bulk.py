"""Many rows in one statement, on both engines: for the hot path, where the ORM costs too much.

The rows travel as one JSON text, which orjson writes and either engine reads as a table. That is a
fraction of what psycopg's arrays cost (it quotes every text of them in Python), and lets one
statement serve PostgreSQL and SQLite alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import psycopg
from django.db import connection, transaction
from django.db.models import Field, Model


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


def of_models(rows: Sequence[Model]) -> Step:
    """Insert ``rows``, all of one model, as they stand; one that exists already is an error.

    Where they have no primary key the database gives it, and they do not learn it.
    """
    fields = _fields(type(rows[0]), rows[0].pk is None)
    columns = {str(field.column): field.db_type(connection) or "" for field in fields}
    names, table = ", ".join(f'"{name}"' for name in columns), rows[0]._meta.db_table
    statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM {{values}} WHERE true"
    exact = [(field.attname, _exact(field)) for field in fields]
    values = [
        tuple(of(getattr(row, name)) if of else getattr(row, name) for name, of in exact)
        for row in rows
    ]
    return Step(statement, columns, values)


def table(columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> tuple[str, list[str]]:
    """``rows`` as a table ``v`` of ``columns`` in a query of Django's: its SQL and parameters."""
    step = Step("", columns, rows)
    if connection.vendor == "postgresql":
        return _json_to_recordset(columns), [_text(step, _plain)]
    return _json_each(columns).replace("?", "%s"), [_text(step, _naive)]


def run(steps: Iterable[Step]) -> list[int]:
    """Do ``steps`` in order, all or none; gives how many rows each wrote or found. Without: none.

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


@lru_cache
def _fields(model: type[Model], without_key: bool) -> list[Field[Any, Any]]:
    return [
        field for field in model._meta.concrete_fields if not (field.primary_key and without_key)
    ]


def _exact(field: Field[Any, Any]) -> Any:
    """How a value of ``field`` is written where JSON would lose something; None: as it is."""
    if field.get_internal_type() == "MoneyField":
        return lambda value: field.get_db_prep_value(value, connection)
    return None


def _on_postgresql(steps: list[Step]) -> list[int]:
    # What a pipeline sends between two syncs is one transaction (PostgreSQL manual, 32.5.1.1).
    # A psycopg.Cursor binds on the server: the text travels as it is, statements get prepared.
    raw = connection.connection
    cursors = [psycopg.Cursor(raw) for _ in steps]
    with raw.pipeline():
        for step, cursor in zip(steps, cursors, strict=True):
            statement = step.statement.format(values=_json_to_recordset(step.columns))
            cursor.execute(statement, [_text(step, _plain)])
    return [cursor.rowcount for cursor in cursors]  # known once the pipeline was synchronised


def _on_sqlite(steps: list[Step]) -> list[int]:
    written = []
    with transaction.atomic():
        for step in steps:
            statement = step.statement.format(values=_json_each(step.columns))
            done = connection.connection.execute(statement, [_text(step, _naive)])
            written.append(len(done.fetchall()) if done.description else done.rowcount)
    return written


def _json_to_recordset(columns: dict[str, str]) -> str:
    definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f"json_to_recordset(%s::json) AS v({definition})"


def _json_each(columns: dict[str, str]) -> str:
    members = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name in columns)
    return f"(SELECT {members} FROM json_each(?)) AS v"


def _text(step: Step, default: Any) -> str:
    names = tuple(step.columns)
    objects = [dict(zip(names, row, strict=True)) for row in step.rows]
    option = orjson.OPT_PASSTHROUGH_DATETIME if default is _naive else 0
    return orjson.dumps(objects, default=default, option=option).decode()


def _plain(value: Decimal) -> str:
    """An amount as text: JSON's own numbers pass through floats."""
    return f"{value:f}"


def _naive(value: datetime | Decimal) -> str:
    """A time as Django writes it into SQLite: UTC, without a zone. Amounts as text."""
    if isinstance(value, Decimal):
        return _plain(value)
    return str(value.astimezone(UTC).replace(tzinfo=None))
