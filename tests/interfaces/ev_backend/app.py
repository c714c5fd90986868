"""An app of the EV Backend: asks over HTTP, subscribes over a socket, frame by frame."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.processes import Server

TRANSPORT, LEGACY = "graphql-transport-ws", "graphql-ws"
_PATIENCE_S = 25.0
_LOGIN = "mutation m($input: LoginInput!) { login(input: $input) { accessToken } }"
# What the two protocols call the same: to ask, what comes, and to stop
_WORDS = {TRANSPORT: ("subscribe", "next", "complete"), LEGACY: ("start", "data", "stop")}


def asked(server: Server, document: str, token: str = "", **variables: Any) -> dict[str, Any]:
    """The whole answer to a document over HTTP."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(f"{server.http}/graphql", body, headers)
    with build_opener(ProxyHandler({})).open(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def given(server: Server, document: str, token: str = "", **variables: Any) -> Any:
    """What the only field of a document gives; no error."""
    answer = asked(server, document, token, **variables)
    assert "errors" not in answer, answer
    [value] = answer["data"].values()
    return value


def logged_in(server: Server, name: str, password: str) -> str:
    """The token of a login."""
    said = {"username": name, "password": password}
    return str(given(server, _LOGIN, input=said)["accessToken"])


class Subscriber:
    """A socket of an app: ``with Subscriber(server, token) as app``."""

    def __init__(
        self, server: Server, token: str = "", *, protocol: str = TRANSPORT, query: str = ""
    ) -> None:
        self._words = _WORDS[protocol]
        credentials = token if " " in token else f"Bearer {token}"
        self._payload = {"Authorization": credentials} if token else {}
        url = server.ws.removesuffix("/ocpp") + f"/graphql{query}"
        self._opened: AbstractContextManager[Any] = connect(
            url, subprotocols=[Subprotocol(protocol)], proxy=None, ping_interval=None
        )

    def __enter__(self) -> Subscriber:
        self.socket = self._opened.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._opened.__exit__(*error)

    def begin(self) -> dict[str, Any]:
        """Say who it is; gives the answer."""
        self.say({"type": "connection_init", "payload": self._payload})
        return self.hear()

    def ask(self, number: str, document: str, **variables: Any) -> None:
        """Subscribe."""
        payload = {"query": document, "variables": variables}
        self.say({"id": number, "type": self._words[0], "payload": payload})

    def stop(self, number: str) -> None:
        """Hear no more of it."""
        self.say({"id": number, "type": self._words[2]})

    def say(self, frame: Any) -> None:
        """Send a frame as it is."""
        self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def hear(self, seconds: float = _PATIENCE_S) -> dict[str, Any]:
        """The next frame. Raises TimeoutError."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return frame

    def news(self, number: str, seconds: float = _PATIENCE_S) -> Any:
        """What the only field of the next result has. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while True:
            frame = self.hear(max(0.0, until - time.monotonic()))
            if frame.get("id") == number:
                assert frame["type"] == self._words[1], frame
                assert "errors" not in frame["payload"], frame
                [value] = frame["payload"]["data"].values()
                return value
