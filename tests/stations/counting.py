"""Counts every statement that reaches the database, also those that go past Django's cursors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import psycopg
from django.db import connection


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements of the block."""
    asked: list[str] = []
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.connection.set_trace_callback(asked.append)
        try:
            yield asked
        finally:
            connection.connection.set_trace_callback(None)
        return
    execute = psycopg.Cursor.execute

    def counted(cursor, query, *args, **kwargs):
        asked.append(str(query))
        return execute(cursor, query, *args, **kwargs)

    with mock.patch.object(psycopg.Cursor, "execute", counted):
        yield asked
