"""A station reduced to its socket: says what it is told, answers each command, counts them."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from base64 import b64encode
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

_PATIENCE_S = 20.0
_FIRST_MOMENTS_S = 0.6  # well beyond OCPP_SETTLE_SECONDS, after which the rows are looked into
_BOOT = {"chargePointVendor": "Plain", "chargePointModel": "Socket"}


def _basic(name: str, key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{key}'.encode()).decode()}"}


class Asked(NamedTuple):
    """A command as it arrived."""

    message_id: str
    action: str
    payload: dict[str, Any]


class PlainStation:
    """One socket, booted; to be closed: ``with PlainStation(url, cp_id) as station``.

    A thread reads. Every command is answered ``Accepted``, unless ``mute``; ``asked`` has them all.
    ``key``: what it logs in with.
    """

    def __init__(self, url: str, cp_id: str, *, mute: bool = False, key: str = "") -> None:
        self.cp_id, self.mute = cp_id, mute
        self.asked: list[Asked] = []
        self._answers: queue.Queue[list[Any]] = queue.Queue()
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"{url}/{cp_id}",
                subprotocols=[Subprotocol("ocpp1.6")],
                additional_headers=_basic(cp_id, key) if key else None,
                compression=None,
                proxy=None,
                ping_interval=None,
            )
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.call("BootNotification", _BOOT)

    def __enter__(self) -> PlainStation:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._reader.join(_PATIENCE_S)

    @property
    def close_code(self) -> int | None:
        """Why the server closed the socket; None while it is open."""
        return self._socket.protocol.close_code

    def call(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Say something and give the answer. Raises queue.Empty where none comes."""
        self._socket.send(json.dumps([2, uuid.uuid4().hex, action, payload or {}]))
        kind, _, answer = self._answers.get(timeout=_PATIENCE_S)
        assert kind == 3, answer
        return dict(answer)

    def settle(self) -> None:
        """Let the first moments pass: from then on it is asked only when a doorbell rings."""
        time.sleep(_FIRST_MOMENTS_S)

    def closed(self) -> bool:
        """Whether the server has closed the socket."""
        self._reader.join(_PATIENCE_S)
        return not self._reader.is_alive()

    def _read(self) -> None:
        with suppress(ConnectionClosed):
            for text in self._socket:
                frame = json.loads(text)
                if frame[0] == 2:
                    self._take(Asked(*frame[1:]))
                else:
                    self._answers.put(frame[:3])

    def _take(self, asked: Asked) -> None:
        self.asked.append(asked)
        if not self.mute:
            self._socket.send(json.dumps([3, asked.message_id, {"status": "Accepted"}]))
