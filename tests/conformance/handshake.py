"""The opening handshake of a WebSocket, read off the wire: the status and headers as they came."""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from email.message import Message
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.conformance.station import PATIENCE_S


class Opened(NamedTuple):
    """What the system answered: 101 is an upgrade, all else a refusal before it."""

    status: int
    headers: Message
    tls: str  # the version; empty without TLS
    cipher: str


def knock(
    address: str,
    cp_id: str,
    protocols: str = "ocpp1.6",
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Opened:
    """Ask for an upgrade at ``address/cp_id``, offering ``protocols``; the connection then ends."""
    parts = urlsplit(address)
    assert parts.hostname
    connection: http.client.HTTPConnection
    if parts.scheme == "wss":
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=PATIENCE_S, context=tls
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE_S)
    asked = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(b"sixteen bytes ..").decode(),
        **({"Sec-WebSocket-Protocol": protocols} if protocols else {}),
        **(headers or {}),
    }
    try:
        connection.request("GET", f"{parts.path}/{cp_id}", headers=asked)
        socket = connection.sock  # gone from the connection once the answer is read
        version, cipher = "", ""
        if isinstance(socket, ssl.SSLSocket):
            version, cipher = socket.version() or "", (socket.cipher() or ("",))[0]
        answer = connection.getresponse()
        return Opened(answer.status, answer.headers, version, cipher)
    finally:
        connection.close()
