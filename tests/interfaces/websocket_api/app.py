"""An app at ``/ws``: says frames, hears frames; and the drivers whose apps these are."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from websockets.sync.client import connect

from tests.processes import Server, manage
from tests.web import Answer, Api

PASSWORD = "drives-all-day"
_PATIENCE_S = 25.0
_DRIVER = """
from cms.accounts.models import User
from rfid.services import cards
user = User.objects.create_user({name!r}, password={password!r})
cards.create(id_tag={tag!r}, user=user)
print(user.pk)
"""


def a_driver(server: Server, name: str, tag: str) -> tuple[str, str]:
    """Somebody who charges with a card; gives their number, and a token they logged in for."""
    script = _DRIVER.format(name=name, password=PASSWORD, tag=tag)
    number = manage(server.environment, "shell", "--verbosity", "0", "-c", script).split()[-1]
    return number, token_of(server, name)


def token_of(server: Server, name: str) -> str:
    """The access token of a login."""
    said = {"username": name, "password": PASSWORD}
    answer: Answer = Api(server.http).post("auth/token", said)
    assert answer.status == 200, answer
    return str(answer.body["access"])


class App:
    """A socket of an app. ``with App(server) as app``; ``token``: it comes with the handshake."""

    def __init__(self, server: Server, *, query: str = "", **headers: str) -> None:
        url = server.ws.removesuffix("/ocpp") + f"/ws{query}"
        self._opened: AbstractContextManager[Any] = connect(
            url, additional_headers=headers, proxy=None, ping_interval=None
        )
        self.heard: list[dict[str, Any]] = []

    def __enter__(self) -> App:
        self.socket = self._opened.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._opened.__exit__(*error)

    def say(self, kind: str, data: dict[str, Any] | None = None, number: str = "msg-001") -> None:
        """Send a frame as the documents show it."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        frame = {"id": number, "type": kind, "timestamp": at}
        self.socket.send(json.dumps(frame if data is None else {**frame, "data": data}))

    def hear(self, *kinds: str, seconds: float = _PATIENCE_S) -> dict[str, Any]:
        """The next frame of one of these kinds (of any, where none is named)."""
        end = time.monotonic() + seconds
        while True:
            frame: dict[str, Any] = json.loads(self.socket.recv(timeout=end - time.monotonic()))
            self.heard.append(frame)
            if not kinds or frame["type"] in kinds:
                return frame

    def ask(
        self, kind: str, data: dict[str, Any] | None = None, number: str = "msg-001"
    ) -> dict[str, Any]:
        """Send a frame and give what answers it."""
        self.say(kind, data, number)
        while True:
            frame = self.hear()
            if frame.get("replyTo") == number:
                return frame

    def log_in(self, token: str) -> dict[str, Any]:
        """Authenticate; gives the data of the answer."""
        answer = self.ask("auth_request", {"token": token}, "1")
        assert answer["type"] == "auth_response", answer
        return dict(answer["data"])
