"""The npm client as a process: what it is told and what it says, a line of JSON each."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests import npm

HERE = Path(__file__).resolve().parent
_PATIENCE_S = 30.0


class Client:
    """A charge point of the npm package ``ocpp-rpc`` in strict mode."""

    def __init__(self, endpoint: str, identity: str, answers: dict[str, Any]) -> None:
        self.commands: list[tuple[str, Any]] = []
        self.complaints: list[Any] = []
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(
            [
                npm.installed(HERE, "ocpp-rpc"),
                "station.js",
                endpoint,
                identity,
                json.dumps(answers),
            ],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:
        self.protocol = self._next()["connected"]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_PATIENCE_S)

    def call(self, action: str, **payload: Any) -> Any:
        """Ask the system; gives the payload of its answer, valid or the client would not."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"call": action, "payload": payload}) + "\n")
        self._process.stdin.flush()
        answer = self._next()
        assert answer.get("answer") == action, answer
        return answer["payload"]

    def _next(self) -> dict[str, Any]:
        return self._answers.get(timeout=_PATIENCE_S)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            if "command" in said:
                self.commands.append((said["command"], said["payload"]))
            elif "invalid" in said or "bad" in said:
                self.complaints.append(said)
            elif "closed" not in said:
                self._answers.put(said)
