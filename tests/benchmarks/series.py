"""Rows made by PostgreSQL itself, each column an expression of the number ``n`` of the row."""

from __future__ import annotations

from typing import Any

STATIONS = 400
OUTLETS = 2 * STATIONS


def rows(model: Any, number: int, /, **columns: str) -> None:
    """``number`` rows, each column an SQL expression of ``n``, the rest as the model has it."""
    from django.db import connection

    values, given = [], []
    for field in model._meta.concrete_fields:
        if field.column in columns:
            values.append((field.column, columns.pop(field.column).replace("%", "%%")))
        elif getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            values.append((field.column, "now()"))
        elif field.primary_key:
            values.append((field.column, "n"))
        elif not field.null:
            values.append((field.column, "%s"))
            given.append(field.get_db_prep_save(field.get_default(), connection))
    assert not columns, f"{model.__name__} has no {', '.join(columns)}"
    names = ", ".join(f'"{name}"' for name, _ in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names})'
            f" SELECT {', '.join(value for _, value in values)} FROM generate_series(1, %s) AS n",
            [*given, number],
        )


def began(session: str, total: int) -> str:
    """When the session of that number began: evenly over 250 days, the last one an hour ago."""
    return f"(now() - interval '1 hour' - interval '250 days' * ({total} - {session}) / {total})"


def outlet(number: str) -> str:
    """The connector that something numbered so is about: its row, each in turn."""
    return f"({number} % {OUTLETS} / 2 * 3 + {number} % 2 + 2)"


def station(number: str) -> str:
    """The station of ``outlet(number)``."""
    return f"({number} % {OUTLETS} / 2 + 1)"
