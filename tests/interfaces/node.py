"""A client in Node as a process: told a line each, and what it says, a line of JSON each."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 30.0


class Client:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._heard: list[dict[str, Any]] = []
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def hear(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The first line that ``wanted`` agrees to; each is heard once. Raises queue.Empty."""
        until = time.monotonic() + PATIENCE_S
        while True:
            for line in self._heard:
                if wanted(line):
                    self._heard.remove(line)
                    return line
            self._heard.append(self._lines.get(timeout=max(0.0, until - time.monotonic())))

    def say(self, line: str) -> None:
        """Tell it."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(json.loads(line))


@contextmanager
def running(*command: str, folder: Path, env: Mapping[str, str] | None = None) -> Iterator[Client]:
    """A client that ``command`` starts in ``folder``, ended with the block."""
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Client(process)
    finally:
        process.kill()
        process.wait()
