"""Threads for the database work of stations: each keeps its connection, checked after errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

P = ParamSpec("P")
T = TypeVar("T")
_ON_POSTGRESQL, _ON_SQLITE = 4, 2  # SQLite has one writer at a time; more would only wait
# Rows somebody else holds for longer: the station may try again, and others need the thread.
_LOCK_TIMEOUT = "SET lock_timeout = '3s'"


@cache
def _pool() -> ThreadPoolExecutor:
    default = _ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE
    return ThreadPoolExecutor(settings.OCPP_WORKERS or default, thread_name_prefix="ocpp")


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of ``work``, done in a database thread; its exceptions come through."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool(), lambda: guarded(work, *args, **kwargs))


def guarded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do ``work`` on a sound connection; once more where the database dropped it or was busy."""
    try:
        _connect()
        return work(*args, **kwargs)
    except OperationalError as error:
        connection.close()
        if isinstance(error.__cause__, LockNotAvailable):
            raise
        _connect()
        return work(*args, **kwargs)
    finally:
        if connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()


def _connect() -> None:
    if connection.connection is None and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_TIMEOUT)
