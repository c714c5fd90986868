"""Transport: what breaks RFC 6455, drips, piles up or stops half-way; others are served."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import zlib

import pytest

from tests.hostile.peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, frame
from tests.hostile.target import ended, probed

BEAT = b'[2,"id","Heartbeat",{}]'
LIMIT = 262_144  # OCPP_MAX_FRAME_BYTES
# Against the rules of RFC 6455: each by name, with the code it is closed with.
VIOLATIONS: dict[str, tuple[bytes, int | set[int]]] = {
    "an unmasked frame": (frame(BEAT, masked=False), 1002),
    "reserved bit 1": (frame(BEAT, reserved=4), 1002),
    "reserved bit 2": (frame(BEAT, reserved=2), 1002),
    "reserved bit 3": (frame(BEAT, reserved=1), 1002),
    "all reserved bits": (frame(BEAT, reserved=7), 1002),
    "opcode 3": (frame(BEAT, 3), 1002),
    "opcode 7": (frame(BEAT, 7), 1002),
    "opcode 11": (frame(b"", 11), 1002),
    "opcode 15": (frame(b"", 15), 1002),
    "a ping in pieces": (frame(b"", PING, fin=False), 1002),
    "a ping of 126 bytes": (frame(b"x" * 126, PING), 1002),
    "a ping of 70,000 bytes": (frame(b"x" * 70_000, PING), 1002),
    "a pong of 126 bytes": (frame(b"x" * 126, PONG), 1002),
    "a close of 126 bytes": (frame(b"\x03\xe8" + b"x" * 124, CLOSE), 1002),
    "a close of one byte": (frame(b"\x03", CLOSE), 1002),
    "a continuation of nothing": (frame(BEAT, CONTINUATION), 1002),
    "a text inside a text": (frame(BEAT, fin=False) + frame(BEAT), 1002),
    "a binary inside a text": (frame(BEAT, fin=False) + frame(BEAT, BINARY), 1002),
    "a length above 2**63": (frame(BEAT, claimed=2**63), {1002, 1009}),
    "a frame that says it has 2**62 bytes": (frame(BEAT, claimed=2**62), 1009),
    "a frame that says it has 4 GiB": (frame(BEAT, claimed=2**32), 1009),
    "a frame one byte over the limit": (frame(BEAT, claimed=LIMIT + 1), 1009),
    "pieces that are too much together": (
        frame(b" " * 200_000, fin=False) + frame(b" " * 100_000, CONTINUATION),
        1009,
    ),
    "a compressed frame nobody agreed on": (
        frame(zlib.compress(b" " * 10_000_000)[2:-4], reserved=4),
        1002,
    ),
    "plain HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1002),
    "a TLS client hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, 1002),
    "UTF-8 broken between pieces": (
        frame(b'"\xe2\x82', fin=False) + frame(b'x"', CONTINUATION),
        1007,
    ),
}
# Odd, but allowed: the call in it is served.
ALLOWED: dict[str, list[bytes]] = {
    "in one byte pieces": [
        frame(BEAT[:1], fin=False),
        *[frame(BEAT[n : n + 1], CONTINUATION, fin=False) for n in range(1, len(BEAT))],
        frame(b"", CONTINUATION),
    ],
    "in 2,000 empty pieces": [
        frame(BEAT, fin=False),
        *[frame(b"", CONTINUATION, fin=False)] * 2000,
        frame(b"", CONTINUATION),
    ],
    "pings between the pieces": [
        frame(BEAT[:5], fin=False),
        *[frame(b"%d" % n, PING) for n in range(50)],
        frame(BEAT[5:], CONTINUATION),
    ],
    "pongs nobody asked for": [*[frame(b"x" * 125, PONG)] * 500, frame(BEAT)],
    "a character in two pieces": [
        frame(b'[2,"id","Heartbeat",{"a":"\xe2', fin=False),
        frame(b'\x82\xac"}]', CONTINUATION),
    ],
    "behind empty messages": [*[frame(b"")] * 500, frame(BEAT)],
    "masked with something": [
        b"\x81"
        + bytes([0x80 | len(BEAT)])
        + b"abcd"
        + bytes(b ^ b"abcd"[n % 4] for n, b in enumerate(BEAT))
    ],
}
GOODBYES = {
    "nothing": b"",
    "1000": struct.pack("!H", 1000),
    "1001 and why": struct.pack("!H", 1001) + b"power off",
    "4999": struct.pack("!H", 4999),
    "0": struct.pack("!H", 0),
    "999": struct.pack("!H", 999),
    "1005": struct.pack("!H", 1005),
    "1006": struct.pack("!H", 1006),
    "1015": struct.pack("!H", 1015),
    "5000": struct.pack("!H", 5000),
    "65535": struct.pack("!H", 65535),
    "a reason that is no text": struct.pack("!H", 1000) + b"\xff\xfe",
}
OURS = {None, 1006, 1011}  # how it ends where we failed


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_closed_with_its_code(target, name):
    data, code = VIOLATIONS[name]
    with target.peer() as peer:
        with contextlib.suppress(ConnectionError):
            peer.send(data)
        assert ended(peer) in (code if isinstance(code, set) else {code})


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_odd_but_allowed_is_served_and_others_are_meanwhile(target, name):
    parts = ALLOWED[name]
    with target.peer() as peer:
        peer.send(b"".join(parts[:-1]))
        target.meanwhile()
        peer.send(parts[-1])
        assert [answer[:2] for answer in probed(peer)] == [[3, "id"]]


@pytest.mark.parametrize("name", GOODBYES)
def test_a_goodbye_of_any_kind_is_answered(target, name):
    with target.peer() as peer:
        peer.send(frame(GOODBYES[name], CLOSE))
        assert peer.goodbye().code not in OURS


def test_a_frame_that_drips_byte_by_byte_is_served_and_others_are_meanwhile(target):
    data = frame(BEAT)
    with target.peer() as peer:
        for n in range(len(data)):
            peer.send(data[n : n + 1])
            if n % 10 == 0:
                target.meanwhile()
        assert [answer[:2] for answer in probed(peer)] == [[3, "id"]]


def test_a_flood_of_pings_is_answered_in_order(target):
    with target.peer() as peer:
        peer.send(b"".join(frame(b"%d" % n, PING) for n in range(2000)))
        answers = [peer.received() for _ in range(2000)]
        assert answers == [(PONG, b"%d" % n) for n in range(2000)]
        assert probed(peer) == []


def test_half_a_frame_and_then_a_reset_harms_nobody(target):
    for data in (
        b"\x81",
        frame(BEAT)[:10],
        frame(BEAT, fin=False),
        frame(b"x" * 1000, claimed=99_999),
    ):
        peer = target.peer()
        peer.send(data)
        target.meanwhile()
        peer.reset()


def test_what_is_said_before_a_half_close_is_answered(target):
    with target.peer() as peer:
        peer.say(BEAT)
        assert peer.hear()[:2] == [3, "id"]
        peer.socket.shutdown(socket.SHUT_WR)
        peer.goodbye()


def test_a_station_that_never_reads_is_not_served_for_ever_and_others_are(target):
    """Big answers nobody takes: what is kept of them is bounded, and the socket stays readable."""
    long_id = "x" * 250
    call = frame(json.dumps([2, long_id, "Nonsense", {}]).encode()) * 200
    with target.peer() as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.socket.settimeout(0.2)
        with contextlib.suppress(OSError):
            for _ in range(400):
                peer.send(call)
        target.meanwhile()
        peer.reset()


def test_messages_behind_a_goodbye_are_not_served(target):
    with target.peer() as peer:
        peer.send(frame(struct.pack("!H", 1000), CLOSE) + frame(BEAT))
        with pytest.raises(Closed) as closed:
            peer.hear()
        assert closed.value.code not in OURS


@pytest.mark.parametrize("opcode", [TEXT, CONTINUATION])
def test_a_message_without_end_is_closed_with_1009(target, opcode):
    with target.peer() as peer, contextlib.suppress(ConnectionError):
        peer.send(frame(b" " * 60_000, fin=False))
        for _ in range(20):
            peer.send(
                frame(b" " * 60_000, opcode if opcode == CONTINUATION else CONTINUATION, fin=False)
            )
            target.meanwhile()
    assert target.server.alive
