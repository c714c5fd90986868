"""Memory stays bounded: floods of frames and of handshakes leave the process about as it was."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

from tests.hostile.framing import FRAMES
from tests.hostile.peer import PING, frame, handshake
from tests.hostile.target import Target, probed
from tests.processes import eventually

GROWTH = 150 * 2**20  # bytes; what is kept for the message log alone may be a quarter of it
# Frames that leave the socket open, and are answered shortly.
ODD = [
    frame(sent.encode())
    for sent, _ in FRAMES.values()
    if isinstance(sent, str) and len(sent) < 5000
]
LARGE = frame(
    json.dumps([2, "id", "DataTransfer", {"vendorId": "x", "data": "x" * 250_000}]).encode()
)
BAD = [
    handshake("/ocpp/.."),
    handshake("/ocpp/x", Sec_WebSocket_Key="!"),
    handshake("/ocpp/x", Sec_WebSocket_Protocol="mqtt"),
    b"GET /ocpp/x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01" + b"\0" * 50 + b"\r\n\r\n",
]


def resident(target: Target) -> int:
    """The memory of the server's process, in bytes."""
    status = Path(f"/proc/{target.server.pid}/status").read_text()
    [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(kilobytes) * 1024


def bounded(target: Target, before: int) -> None:
    """It did not grow, or what was in flight is given back in a moment."""
    assert eventually(lambda: resident(target) - before < GROWTH), resident(target) - before


def test_twenty_thousand_odd_frames_leave_memory_as_it_was(target):
    data = b"".join((ODD * 20)[:900])
    with target.peer() as peer:
        peer.send(data)
        probed(peer)
    before = resident(target)
    for _ in range(23):
        with target.peer() as peer:
            peer.send(data)
            probed(peer)
    bounded(target, before)


def test_large_frames_without_end_leave_memory_as_it_was(target):
    with target.peer() as peer:
        peer.send(LARGE * 3)
        assert len(probed(peer)) == 3
    before = resident(target)
    for _ in range(4):
        with target.peer() as peer:
            peer.send(LARGE * 100)
            assert len(probed(peer)) == 100
    bounded(target, before)


def test_who_never_takes_an_answer_is_not_given_memory(target):
    before = resident(target)
    peers = [target.peer() for _ in range(5)]
    for peer in peers:
        peer.socket.settimeout(0.3)
        with contextlib.suppress(OSError):
            peer.send(frame(b"x" * 125, PING) * 2900)
            peer.send(frame(b'[2,"id","Heartbeat",{}]') * 9000)
    target.meanwhile()
    bounded(target, before)
    for peer in peers:
        peer.reset()


def test_two_thousand_handshakes_leave_memory_as_it_was(target):
    before = resident(target)
    for number in range(2000):
        with target.plain() as peer, contextlib.suppress(ConnectionError):
            peer.send(BAD[number % len(BAD)])
            if number % 100 == 0:
                target.meanwhile()
    target.meanwhile()
    bounded(target, before)
