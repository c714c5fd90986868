"""A server that answers every CALL and does nothing else: what the load generator can do at most.

Not a rival: it parses no JSON and stores nothing. ``python -m tests.benchmarks.echo --port N``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import re
from typing import Any

import uvloop

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY = re.compile(rb"sec-websocket-key: *(\S+)", re.IGNORECASE)
_UNIQUE_ID = re.compile(rb'\[2, ?"([^"]+)", ?"(\w+)"')
_CLOSE = 0x88
_PAYLOADS = {
    b"BootNotification": b'{"status":"Accepted"}',
    b"StartTransaction": b'{"transactionId":1}',
}


class Echo(asyncio.Protocol):
    """One socket. A closed-loop client sends one frame at a time, so frames are not joined."""

    def connection_made(self, transport: Any) -> None:
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the upgrade or the one frame in ``data``."""
        if data.startswith(b"GET "):
            self._upgrade(data)
        elif data[0] == _CLOSE:
            self._transport.close()
        elif call := _UNIQUE_ID.search(data, 2, 80):
            payload = _PAYLOADS.get(call[2], b"{}")
            answer = b'[3,"%b",%b]' % (call[1], payload)
            self._transport.write(bytes((0x81, len(answer))) + answer)

    def _upgrade(self, data: bytes) -> None:
        key = _KEY.search(data)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )


async def serve(port: int) -> None:
    """Serve on ``port`` until the process ends."""
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Read the port from the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
