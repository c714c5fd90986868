"""Many reads from one moment, without stopping those who write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """One moment for all reads of the block, without stopping those who write."""
    if connection.in_atomic_block or _is_open():  # whoever opened it chose the moment
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")  # not atomic(), which would take the write lock
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _is_open() -> bool:
    """Whether a snapshot of SQLite is open, which Django knows nothing of."""
    found: bool = connection.vendor == "sqlite" and getattr(
        connection.connection, "in_transaction", False
    )
    return found
