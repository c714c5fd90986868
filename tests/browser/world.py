"""Calls the functions of tests/browser/given.py, in a process of their own, from a test."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from tests.processes import MANAGE, ROOT

_MARK = "given: "  # before an answer: the log of services goes to standard output, too
_SERVE = "from tests.browser import given, world; world.serve(given)"


class Given:
    """``given.a_wallet(name="ada")`` makes it in the server's database; gives what it says."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*MANAGE, "shell", "--no-imports", "-c", _SERVE],
            cwd=ROOT,
            env={**environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **keywords: self._call(name, keywords)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _call(self, name: str, keywords: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([name, keywords]) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(_MARK):
                gave, failed = json.loads(line.removeprefix(_MARK))
                assert not failed, failed
                return gave
        raise AssertionError(f"{name}: the process ended")


def serve(module: Any) -> None:
    """The other end: call what each line of standard input names, until it closes."""
    for line in sys.stdin:
        name, keywords = json.loads(line)
        try:
            answer = [getattr(module, name)(**keywords), ""]
        except Exception:
            answer = [None, traceback.format_exc()]
        sys.stdout.write(f"{_MARK}{json.dumps(answer)}\n")
        sys.stdout.flush()
