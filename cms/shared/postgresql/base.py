"""The backend itself: a connection from the pool is asked for a word before it is given out."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's. Where one idle connection was cut, the others were, too, most likely."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """A connection that answers. Raises OperationalError where the database does not.

        The pool's own check would wait a second after the first that was cut, two after the next,
        and give up before it has met ten: here the first one has all the idle ones made anew.
        """
        connection: Connection[Any] = super().get_new_connection(conn_params)
        pool: ConnectionPool | None = self.pool
        if pool is None or _answers(connection):
            return connection
        pool.putconn(connection)
        pool.drain()
        connection = super().get_new_connection(conn_params)
        return connection


def _answers(connection: Connection[Any]) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
