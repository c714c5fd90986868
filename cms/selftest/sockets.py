"""The two ends of the self-test: a station at its socket, and an app at ``/ws``."""

from __future__ import annotations

import json
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

_CALL, _RESULT, _ERROR = 2, 3, 4
# What the station answers; what is not here it does not know.
_ANSWERS: dict[str, dict[str, Any]] = {
    "GetConfiguration": {"configurationKey": [], "unknownKey": []},
    "RemoteStartTransaction": {"status": "Accepted"},
    "RemoteStopTransaction": {"status": "Accepted"},
    "ReserveNow": {"status": "Accepted"},
}


class Failed(Exception):
    """A step went wrong: what was expected, in a sentence."""


class _Socket:
    """Hears one frame after the other, until a time."""

    def __init__(self, url: str, seconds: float, headers: dict[str, str], *spoken: str) -> None:
        self.seconds = seconds
        try:
            self.socket: ClientConnection = connect(
                url,
                subprotocols=[Subprotocol(one) for one in spoken] or None,
                additional_headers=headers,
                open_timeout=seconds,
                compression=None,
                proxy=None,
                ping_interval=None,
                legacy=True,  # closed by us, and not by the end of a block
            )
        except (OSError, InvalidHandshake) as error:
            why = str(error) or type(error).__name__
            hint = " (has it another SECRET_KEY, or database?)" if "401" in why else ""
            raise Failed(f"{url} lets nobody in: {why}{hint}") from None

    def close(self) -> None:
        """Close it."""
        self.socket.close()

    def frames_until(self, wanted: Callable[[Any], bool], what: str) -> Any:
        """The first frame that is ``wanted``. Raises Failed where none comes in time."""
        end = time.monotonic() + self.seconds
        while True:
            try:
                frame = json.loads(self.socket.recv(timeout=max(0.0, end - time.monotonic())))
            except TimeoutError:
                raise Failed(f"no {what} within {self.seconds:g} s") from None
            except ConnectionClosed as error:
                raise Failed(f"the socket was closed before {what}: {error}") from None
            self.heard(frame)
            if wanted(frame):
                return frame

    def heard(self, frame: Any) -> None:
        """Something came in."""


class Station(_Socket):
    """A station that speaks OCPP 1.6 and accepts what it is asked for."""

    def __init__(self, url: str, cp_id: str, key: str, seconds: float) -> None:
        basic = b64encode(f"{cp_id}:{key}".encode()).decode()
        super().__init__(
            f"{url}/ocpp/{cp_id}", seconds, {"Authorization": f"Basic {basic}"}, "ocpp1.6"
        )

    def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Say something; gives the answer. Raises Failed."""
        number = uuid.uuid4().hex
        self.socket.send(json.dumps([_CALL, number, action, payload]))
        kind, _, *rest = self.frames_until(
            lambda frame: frame[0] != _CALL and frame[1] == number, f"answer to {action}"
        )
        if kind == _ERROR:
            raise Failed(f"{action} was answered with {rest[0]}: {rest[1]}")
        return dict(rest[0])

    def asked(self, action: str) -> dict[str, Any]:
        """What the server asks for with ``action``, which is accepted. Raises Failed."""
        frame = self.frames_until(
            lambda frame: frame[0] == _CALL and frame[2] == action, f"{action} at the station"
        )
        return dict(frame[3])

    def heard(self, frame: Any) -> None:
        """Answer a call."""
        if frame[0] != _CALL:
            return
        answer = _ANSWERS.get(frame[2])
        unknown = [_ERROR, frame[1], "NotSupported", "", {}]
        self.socket.send(json.dumps(unknown if answer is None else [_RESULT, frame[1], answer]))


class App(_Socket):
    """A driver's app, which logs in with a token."""

    def __init__(self, url: str, token: str, seconds: float) -> None:
        super().__init__(f"{url}/ws", seconds, {})
        self.say("auth_request", {"token": token})
        if not self.told("auth_response")["success"]:
            raise Failed("the server refuses the token: is its SECRET_KEY another one?")

    def say(self, kind: str, data: dict[str, Any]) -> None:
        """Send a frame."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        frame = {"id": uuid.uuid4().hex, "type": kind, "timestamp": at, "data": data}
        self.socket.send(json.dumps(frame))

    def refusal(self) -> str:
        """Why the server did not do what it was asked for, where it said so by now."""
        self.seconds = 0.0
        try:
            self.told("error")
        except Failed as failure:
            return str(failure) if "was told" in str(failure) else ""
        return ""

    def told(
        self, kind: str, of: Callable[[dict[str, Any]], bool] = lambda data: True
    ) -> dict[str, Any]:
        """The data of the next frame of ``kind`` that is ``of`` what is meant. Raises Failed."""

        def wanted(frame: Any) -> bool:
            if frame["type"] == "error":
                raise Failed(f"the app was told: {frame['error']['message']}")
            return frame["type"] == kind and of(frame.get("data") or {})

        return dict(self.frames_until(wanted, f"{kind} at the app")["data"])
