"""DATABASE_URL, as Django gets it."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from cms.settings.databases import database


def options(query: str = "") -> dict[str, object]:
    """Of a PostgreSQL somewhere."""
    address = f"postgresql://me:secret@db.example.com/voltdesk{query}"
    found: dict[str, object] = database(address, data_dir=Path(), pool=4)["OPTIONS"]
    return found


def test_a_server_that_vanishes_is_noticed_in_seconds():
    found = options()
    assert (found["connect_timeout"], found["tcp_user_timeout"]) == (5, 15_000)
    assert found["keepalives_idle"] == 10


def test_the_address_may_say_otherwise():
    assert int(str(options("?connect_timeout=30")["connect_timeout"])) == 30


def test_the_database_takes_them(db):
    """Whatever libpq does not know would be an error with the first connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
