"""A station's end of the wire, as raw as a test needs it: texts in, texts out, closing codes."""

from __future__ import annotations

import base64
import itertools
import json
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 30.0
NOON = "2025-03-01T12:00:00Z"
BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
AVAILABLE = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


class Wire:
    """One socket. Frames that are not the answer a test waits for are kept in ``heard``."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        user: str | None = None,
        subprotocols: tuple[str, ...] | None = ("ocpp1.6",),
        tls: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._ids = itertools.count(1)
        self.heard: deque[Any] = deque()
        sent = {**(headers or {})}
        if key is not None:
            named = user if user is not None else url.rsplit("/", 1)[1]
            token = base64.b64encode(f"{named}:{key}".encode()).decode()
            sent["Authorization"] = f"Basic {token}"
        self._dialled = connect(
            url,
            subprotocols=[Subprotocol(name) for name in subprotocols] if subprotocols else None,
            additional_headers=sent,
            ssl=tls,
            open_timeout=PATIENCE,
            close_timeout=2,
            ping_interval=None,
            max_size=None,
            proxy=None,
        )
        self.socket: ClientConnection = self._dialled.__enter__()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def tell(self, text: str | bytes) -> None:
        """Send as it is."""
        self.socket.send(text)

    def call(self, action: str, payload: Any, unique_id: str | None = None) -> str:
        """Send a CALL; gives its id."""
        unique_id = unique_id or f"call-{next(self._ids)}"
        self.tell(json.dumps([2, unique_id, action, payload]))
        return unique_id

    def hear(self, seconds: float = PATIENCE) -> Any:
        """The next frame. Raises TimeoutError."""
        return self.heard.popleft() if self.heard else json.loads(self.socket.recv(seconds))

    def answer_to(self, unique_id: str, seconds: float = PATIENCE) -> Any:
        """The answer with this id; what else arrives is kept."""
        kept: deque[Any] = deque()
        try:
            while True:
                frame = self.hear(seconds)
                if frame[0] in (3, 4) and frame[1] == unique_id:
                    return frame
                kept.append(frame)
        finally:
            self.heard.extendleft(reversed(kept))

    def ask(self, action: str, payload: Any = None) -> Any:
        """The answer to a CALL: its payload, or the code of its error."""
        frame = self.answer_to(self.call(action, {} if payload is None else payload))
        return frame[2]

    def asked(self, seconds: float = PATIENCE) -> Any:
        """The next CALL of the system: id, action and payload."""
        while True:
            frame = self.hear(seconds)
            if frame[0] == 2:
                return frame[1:]

    def is_silent(self, seconds: float = 0.5) -> bool:
        """Whether nothing arrives for so long."""
        try:
            self.heard.append(self.hear(seconds))
        except TimeoutError:
            return True
        return False

    def closed_with(self, seconds: float = PATIENCE) -> int | None:
        """The code the other side closes with; None where the connection just broke."""
        try:
            while True:
                self.socket.recv(seconds)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def boot(self) -> str:
        """Boot; gives the registration."""
        return str(self.ask("BootNotification", BOOT)["status"])

    def start(self, tag: str = "CARD-1", meter: int = 1000, at: str = NOON) -> int:
        """Start a session; gives the transaction id."""
        started = self.ask(
            "StartTransaction",
            {"connectorId": 1, "idTag": tag, "meterStart": meter, "timestamp": at},
        )
        return int(started["transactionId"])

    def meter(self, transaction_id: int, register: int, at: str) -> Any:
        """Send one meter value; gives the answer."""
        element = {"timestamp": at, "sampledValue": [{"value": str(register)}]}
        return self.ask(
            "MeterValues",
            {"connectorId": 1, "transactionId": transaction_id, "meterValue": [element]},
        )

    def drop(self) -> None:
        """Lose the connection without a goodbye."""
        self.socket.socket.close()
