"""Who is measured: how each server starts and where the rows are that it must have stored."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import ours
from tests.benchmarks.database import postgresql_rows, sqlite_rows
from tests.benchmarks.servers import Server


class Place(NamedTuple):
    """What one contestant has to itself: a database (empty: none), a folder; and our options."""

    database_url: str
    folder: Path
    asgi_server: str


class Contestant(NamedTuple):
    """One server under measurement."""

    title: str
    on_postgresql: bool
    server: Callable[[Place, int], Server]
    rows: Callable[[Place], int] | None  # None: it stores nothing and does not pretend to


def _module(name: str, *arguments: str, **environment: str) -> Server:
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    return Server(command, {**os.environ, **environment})


def _echo(_: Place, port: int) -> Server:
    return _module("echo", "--port", str(port))


def _limit(place: Place, port: int) -> Server:
    return _module("limit", "--port", str(port), "--database", place.database_url)


def _stock(place: Place, port: int) -> Server:
    return _module("stock", str(port), place.asgi_server, DATABASE_URL=place.database_url)


def _ours(place: Place, port: int) -> Server:
    return ours.server(
        port=port,
        database_url=place.database_url,
        folder=place.folder,
        asgi_server=place.asgi_server,
    )


CONTESTANTS: dict[str, Contestant] = {
    "echo": Contestant(
        "echo: the generator's own ceiling, nothing stored", False, _echo, rows=None
    ),
    "limit": Contestant(
        "the limit: bare websockets + COPY group commit",
        True,
        _limit,
        lambda place: postgresql_rows(place.database_url, "meter_values"),
    ),
    "ours": Contestant(
        "ours: Voltdesk",
        True,
        _ours,
        lambda place: postgresql_rows(place.database_url, ours.TABLE),
    ),
    "stock": Contestant(
        "the stock way: Channels + ocpp ChargePoint + ORM",
        True,
        _stock,
        lambda place: postgresql_rows(place.database_url, "stock_metervalue"),
    ),
    "ours-sqlite": Contestant(
        "ours: Voltdesk on SQLite",
        False,
        _ours,
        lambda place: sqlite_rows(ours.sqlite_file(place.folder), ours.TABLE),
    ),
}
DEFAULT = ("limit", "ours", "stock")
