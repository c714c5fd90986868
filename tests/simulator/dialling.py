"""Opens the socket of a station: URL, sub-protocol, credentials."""

from __future__ import annotations

import base64
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("ocpp1.6")


async def dial(url: str, cp_id: str, key: bytes | None, ping_interval_s: int) -> ClientConnection:
    """A socket to ``url/cp_id``. Raises OSError, TimeoutError or WebSocketException.

    With a ``key`` the station authenticates by HTTP Basic (OCPP-J 1.6, section 6.2).
    """
    headers = {}
    if key is not None:
        token = base64.b64encode(cp_id.encode() + b":" + key)
        headers["Authorization"] = f"Basic {token.decode()}"
    socket = await connect(
        f"{url.rstrip('/')}/{quote(cp_id, safe='')}",
        subprotocols=[SUBPROTOCOL],
        compression=None,
        additional_headers=headers,
        proxy=None,
        ping_interval=ping_interval_s or None,
    )
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close(1002)
        raise WebSocketException("the server did not choose the sub-protocol ocpp1.6")
    return socket
