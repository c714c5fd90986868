"""Starts one server process for a measurement, waits until it answers, and ends it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class Server(NamedTuple):
    """How to start a server, and the path that answers 200 when it is ready (empty: the port)."""

    command: list[str]
    environment: dict[str, str]
    health: str = ""


class NotRunning(Exception):
    """The server did not come up; the message ends with the last of what it said."""


@contextlib.contextmanager
def running(server: Server, *, port: int, lifetime: float) -> Iterator[int]:
    """Run ``server`` for the length of the block; gives its pid once it answers on ``port``.

    After ``lifetime`` seconds the kernel ends it, even where this process is gone by then.
    Raises NotRunning.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            server.command,
            cwd=ROOT,
            env=server.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _alarm(lifetime),
        )
        try:
            _wait_until_ready(process, server.health, port, log)
            yield process.pid
            if process.poll() not in (None, -signal.SIGKILL):  # --kill is no surprise
                raise NotRunning(f"The server ended by itself ({process.returncode}).{_end(log)}")
        finally:
            _stop(process)


def _alarm(seconds: float) -> None:
    signal.alarm(int(seconds) + 1)  # survives exec, and nobody handles it: the process ends


def _wait_until_ready(
    process: subprocess.Popen[bytes], health: str, port: int, log: IO[str]
) -> None:
    ready: Callable[[], bool] = (
        (lambda: _healthy(port, health)) if health else (lambda: _open(port))
    )
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise NotRunning(f"The server ended with status {process.returncode}.{_end(log)}")
        if ready():
            return
        time.sleep(0.1)
    raise NotRunning(f"The server was not ready after {_START_SECONDS:g} s.{_end(log)}")


def _open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(log: IO[str]) -> str:
    size = os.fstat(log.fileno()).st_size
    log.seek(max(0, size - 1500))
    return f"\nIts last words:\n{log.read()}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
