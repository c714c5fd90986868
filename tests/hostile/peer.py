"""The other end of a socket, byte by byte: it may send what no WebSocket library would.

It knows enough of RFC 6455 to be understood, and imports nothing that would keep it from lying.
"""

from __future__ import annotations

import base64
import json
import socket
import struct
from typing import Any, NamedTuple

PATIENCE = 20.0
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
USUAL = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes ok").decode(),
    "Sec-WebSocket-Protocol": "ocpp1.6",
}


SERVED = 101


class Closed(Exception):
    """The other side said goodbye with ``code``; None: the connection is gone without a word."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes


def frame(
    payload: bytes = b"",
    opcode: int = TEXT,
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    claimed: int | None = None,
) -> bytes:
    """A frame on the wire; ``claimed``: the length it says it has. The mask is four zero bytes."""
    length = len(payload) if claimed is None else claimed
    head = bytes([fin << 7 | reserved << 4 | opcode])
    bit = masked << 7
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += bytes([bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", length)
    return head + b"\0\0\0\0" * masked + payload


def handshake(path: str, *more: str, **changed: str | None) -> bytes:
    """A request for an upgrade: the usual headers, some ``changed`` (None: left out), and more."""
    fields = {**USUAL, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, *more, "", ""]).encode("latin1")


class Peer:
    """A TCP connection to a server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        self.socket.sendall(data)

    def upgrade(self, path: str) -> Peer:
        """Become a WebSocket."""
        self.send(handshake(path))
        answer = self.answer()
        assert answer.status == 101, answer
        return self

    def answer(self) -> Answer:
        """The next HTTP response. Raises Closed where there is none."""
        while b"\r\n\r\n" not in self._unread:
            self._read()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (f.partition(": ") for f in fields)}
        status = int(line.split()[1])
        if status == 101:
            return Answer(status, headers, b"")
        if "content-length" in headers:
            return Answer(status, headers, self._take(int(headers["content-length"])))
        return Answer(status, headers, self._rest())

    def say(self, text: str | bytes) -> None:
        """Send a text message, readable or not."""
        self.send(frame(text if isinstance(text, bytes) else text.encode()))

    def call(self, unique_id: str, action: str = "Heartbeat", payload: Any = None) -> None:
        """Send a CALL."""
        self.say(json.dumps([2, unique_id, action, {} if payload is None else payload]))

    def received(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises Closed."""
        first, second = self._take(2)
        length = second & 127
        if length == 126:
            [length] = struct.unpack("!H", self._take(2))
        elif length == 127:
            [length] = struct.unpack("!Q", self._take(8))
        payload = self._take(length)
        if first & 15 == CLOSE:
            code = struct.unpack("!H", payload[:2])[0] if payload else 1005
            raise Closed(code, payload[2:].decode())
        return first & 15, payload

    def hear(self) -> Any:
        """The next message, as JSON; pings and pongs are passed over. Raises Closed."""
        while True:
            opcode, payload = self.received()
            if opcode not in (PING, PONG):
                return json.loads(payload)

    def until(self, unique_id: str) -> list[Any]:
        """What is heard before the answer to ``unique_id``. Raises Closed."""
        heard = []
        while (message := self.hear())[1] != unique_id:
            heard.append(message)
        assert message[0] == 3, message
        return heard

    def goodbye(self) -> Closed:
        """How the other side ends it, whatever it says before."""
        try:
            while True:
                self.received()
        except Closed as closed:
            return closed

    def reset(self) -> None:
        """End it as a crash does: with a reset instead of a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._read()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _rest(self) -> bytes:
        try:
            while True:
                self._read()
        except Closed:
            rest, self._unread = self._unread, b""
            return rest

    def _read(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise Closed(None)
        self._unread += data
