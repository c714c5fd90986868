"""The production engines for tests and benchmarks: given by the environment, else started from pip.

TEST_DATABASE_URL (a PostgreSQL role that may create databases) and TEST_REDIS_URL name servers of
yours; what they do not name, tests/keeper.py starts for the length of the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg
import redis

from tests.keeper import NoServer

ROOT = Path(__file__).resolve().parent.parent


class Engines(NamedTuple):
    """Where a PostgreSQL database and a Redis database are."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def engines(*, durable: bool = False) -> Iterator[Engines]:
    """PostgreSQL and Redis for the length of the block.

    ``durable``: PostgreSQL waits for the disk at each commit, as in production (for measurements).
    Raises NoServer with a sentence that says what to do.
    """
    database_url = os.environ.get("TEST_DATABASE_URL", "")
    redis_url = os.environ.get("TEST_REDIS_URL", "")
    if database_url:
        check_database(database_url)
    if redis_url:
        check_redis(redis_url)
    wanted = [*([] if database_url else ["postgresql"]), *([] if redis_url else ["redis"])]
    with kept(wanted, durable=durable) as urls:
        yield Engines(urls.get("postgresql", database_url), urls.get("redis", redis_url))


@contextlib.contextmanager
def kept(servers: list[str], *, durable: bool) -> Iterator[dict[str, str]]:
    """URLs of the named servers, run by a keeper that ends when this process does."""
    if not servers:
        yield {}
        return
    command = [sys.executable, "-m", "tests.keeper", *servers, *(["--durable"] if durable else [])]
    keeper = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C goes to a whole session; the servers have to outlive the tests' own cleaning up.
        start_new_session=True,
    )
    assert keeper.stdin
    assert keeper.stdout
    try:
        urls: dict[str, str] = json.loads(keeper.stdout.readline() or "{}")
        if set(urls) != set(servers):
            raise NoServer(urls.get("problem", "tests.keeper ended before its servers were up."))
        yield urls
    finally:
        keeper.stdin.close()
        keeper.wait(60)
        keeper.stdout.close()


def check_database(url: str) -> None:
    """Raise NoServer unless the URL leads to a PostgreSQL where this role may create databases."""
    may = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(may).fetchone()
    except psycopg.Error as error:
        raise NoServer(f"TEST_DATABASE_URL does not answer: {error}") from None
    if not row or not row[0]:
        raise NoServer("The role of TEST_DATABASE_URL may not create databases: give it CREATEDB.")


def check_redis(url: str) -> None:
    """Raise NoServer unless the URL leads to a Redis that answers."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise NoServer(f"TEST_REDIS_URL does not answer: {error}") from None


@contextlib.contextmanager
def empty_database(url: str, *, template: str = "") -> Iterator[str]:
    """A new database on the server of ``url``, dropped at the end; gives its URL.

    Empty, or with what the database ``template`` of that server has.
    """
    name = f"voltdesk_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'DEFAULT'}")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def redis_database(url: str, number: int) -> str:
    """The URL of another numbered database on the Redis server of ``url``."""
    return urlsplit(url)._replace(path=f"/{number}").geturl()
