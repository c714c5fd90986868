"""Real processes for tests: servers, workers and management commands, each ended by its own pid."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANAGE = (sys.executable, "manage.py")
LIFETIME_S = 3600  # no process of a test outlives it, even where the tests were killed
_STARTING_S, _STOPPING_S = 90.0, 20.0
# Below what systems hand out to clients: a reconnecting station must not take the port meanwhile.
_PORTS = range(20_000, 32_000)


class NotRunning(Exception):
    """A process did not come up, or ended by itself; the message has the last of what it said."""


def eventually(done: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes true within so many seconds."""
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.05)
    return done()


def server_port() -> int:
    """A TCP port of this machine that nobody uses, and no client is given by chance."""
    while True:
        port = random.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a management command and give its standard output. Raises NotRunning where it fails."""
    done = subprocess.run(
        [*MANAGE, *arguments],
        cwd=ROOT,
        env={**environment},
        capture_output=True,
        text=True,
        timeout=_STARTING_S,
    )
    if done.returncode:
        raise NotRunning(f"manage.py {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _begin() -> None:
    """In the new process: both survive exec."""
    signal.alarm(LIFETIME_S)  # nobody handles it: the kernel ends what the tests forgot
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # shells have it ignored in the background


class Process:
    """A command that may be started, ended and started again; what it says goes to one file."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, {**environment}, log
        self.environment["PYTHONUNBUFFERED"] = "1"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    @property
    def left_nothing(self) -> bool:
        """Whether it has ended, and everything it started with it."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return not self.alive
        return False

    @property
    def said(self) -> str:
        """Everything it wrote so far, standard error included."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        """Start it, in a session of its own: no Ctrl-C but ours reaches it."""
        assert not self.alive, "it runs already"
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_begin,
            )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def wait(self, seconds: float = _STOPPING_S) -> int:
        """Its exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(seconds)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send(signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        """End it with SIGTERM, and what it started and left behind with it."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(_STOPPING_S)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running.pid, signal.SIGKILL)

    def until_it_says(self, text: str, seconds: float = _STARTING_S) -> None:
        """Wait for a text in its output. Raises NotRunning."""
        if not eventually(lambda: text in self.said or not self.alive, seconds):
            raise self.trouble(f"never said {text!r}")
        if text not in self.said:
            raise self.trouble(f"ended before it said {text!r}")

    def trouble(self, what: str) -> NotRunning:
        """An error that tells what is wrong with it, and its last words."""
        status = self._running.poll() if self._running else None
        return NotRunning(f"{' '.join(self.command)} {what} ({status=}):\n{self.said[-3000:]}")

    @property
    def _popen(self) -> subprocess.Popen[bytes]:
        assert self._running is not None, "not started"
        return self._running


class Server(Process):
    """``manage.py serve`` on a port of its own; ``arguments`` such as ``--only web``."""

    def __init__(
        self, environment: Mapping[str, str], *arguments: str, log: Path, port: int = 0
    ) -> None:
        self.port = port or server_port()
        own = {"PORT": str(self.port), "HOST": "127.0.0.1"}
        super().__init__([*MANAGE, "serve", *arguments], {**environment, **own}, log)

    @property
    def http(self) -> str:
        """Where browsers and API callers go."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        """Where stations connect: their id follows after a slash."""
        return f"ws://127.0.0.1:{self.port}/ocpp"

    @property
    def password(self) -> str:
        """The admin's, as the first start shows it once."""
        shown = re.search(r"Admin user \S+, password (\S+)", self.said)
        assert shown, self.said
        return shown[1]

    def start(self) -> None:
        """Start it, and wait until it answers. Raises NotRunning."""
        super().start()
        if not eventually(lambda: not self.alive or self.answers(), _STARTING_S):
            raise self.trouble("does not answer")
        if not self.alive:
            raise self.trouble("ended")

    def answers(self) -> bool:
        """Whether it serves, and its database answers it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextlib.contextmanager
def start(process: Process) -> Iterator[Process]:
    """Run a process for the length of the block."""
    try:
        process.start()
        yield process
    finally:
        process.stop()


@contextlib.contextmanager
def start_server(
    environment: Mapping[str, str], *arguments: str, port: int = 0
) -> Iterator[Server]:
    """Run ``manage.py serve`` for the length of the block, from the moment it answers.

    Takes the environment of the fixture ``process_environment``; the log goes to a file that is
    gone afterwards, and to the message where the server does not come up. Raises NotRunning.
    """
    with tempfile.TemporaryDirectory(prefix="voltdesk-log-") as folder:
        server = Server(environment, *arguments, log=Path(folder) / "log", port=port)
        with start(server):
            yield server
