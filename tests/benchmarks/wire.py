"""What a benchmark charger says: WebSocket client frames and OCPP 1.6 texts, as cheap as possible.

The mask key is 0: RFC 6455 section 5.3 asks for a mask, and with this one the masked payload is
the payload itself, so that the generator spends nothing on XOR. The servers do their part of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_NO_MASK = b"\x00\x00\x00\x00"
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A

CONNECTOR_ID = 1
ID_TAG = "BENCHMARK"
FIRST_NUMBER = 10_000_000  # ids and registers keep eight digits, so that a text keeps its length
_REGISTER, _POWER, _TRANSACTION, _STAMP = "!register!", "7360", 1_111_111_111, "!stamp!"


class ServerFrame(NamedTuple):
    """One frame as a server sends it: its first byte (FIN and opcode) and what it carries."""

    kind: int
    payload: bytes


def client_frame(payload: bytes, kind: int = TEXT) -> bytes:
    """``payload`` as one frame from a client."""
    return client_header(len(payload), kind) + payload


def client_header(length: int, kind: int = TEXT) -> bytes:
    """What stands before ``length`` bytes of payload in a frame from a client."""
    if length < 126:
        return bytes((kind, 0x80 | length)) + _NO_MASK
    return struct.pack("!BBH", kind, 0x80 | 126, length) + _NO_MASK


def server_frames(buffer: bytearray) -> Iterator[ServerFrame]:
    """Take every complete frame out of ``buffer``; the rest stays in it."""
    while len(buffer) >= 2:
        length, start = buffer[1], 2
        if length == 126:
            length, start = int.from_bytes(buffer[2:4], "big"), 4
        elif length > 126:
            raise ValueError("a frame with a mask, or longer than 64 KiB")
        if len(buffer) < start + length:
            return
        frame = ServerFrame(buffer[0], bytes(buffer[start : start + length]))
        del buffer[: start + length]
        yield frame


class Handshake:
    """The opening of one WebSocket, from the client's side."""

    def __init__(self, host: str, path: str) -> None:
        key = base64.b64encode(os.urandom(16))
        self._accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        ).encode()

    def complaint(self, head: bytes) -> str:
        """What is wrong with the server's answer ``head``; empty where nothing is."""
        lines = head.split(b"\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in _split(lines[1:])}
        if b" 101 " not in lines[0] + b" ":
            return f"the upgrade was answered {lines[0].decode(errors='replace')}"
        if headers.get(b"sec-websocket-accept") != self._accept:
            return "the upgrade has a wrong Sec-WebSocket-Accept"
        if headers.get(b"sec-websocket-protocol") != b"ocpp1.6":
            return "the upgrade did not choose ocpp1.6"
        return ""


def _split(lines: list[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (line.partition(b":") for line in lines)


class Clock:
    """Wall-clock time in milliseconds, and as OCPP text for half a microsecond each."""

    def __init__(self) -> None:
        self._zero = time.time() - time.perf_counter()
        self._minute = -1
        self._prefix = b""

    def milliseconds(self) -> int:
        """Now, in milliseconds since 1970."""
        return int((self._zero + time.perf_counter()) * 1000)

    def text(self, milliseconds: int) -> bytes:
        """``milliseconds`` since 1970 as ``2026-01-31T12:00:00.123Z``."""
        minute, rest = divmod(milliseconds, 60_000)
        if minute != self._minute:
            self._minute = minute
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:", time.gmtime(minute * 60)).encode()
        return b"%b%02d.%03dZ" % (self._prefix, rest // 1000, rest % 1000)


def opening(stamp: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls before the load: boot, status, and the start of a real transaction."""
    return [
        (
            "BootNotification",
            {
                "chargePointVendor": "Benchmark",
                "chargePointModel": "Closed loop",
                "firmwareVersion": "1",
            },
        ),
        (
            "StatusNotification",
            {
                "connectorId": CONNECTOR_ID,
                "errorCode": "NoError",
                "status": "Preparing",
                "timestamp": stamp,
            },
        ),
        (
            "StartTransaction",
            {
                "connectorId": CONNECTOR_ID,
                "idTag": ID_TAG,
                "meterStart": FIRST_NUMBER,
                "timestamp": stamp,
            },
        ),
    ]


def call(unique_id: str, action: str, payload: dict[str, Any]) -> bytes:
    """One CALL as a client frame."""
    return client_frame(json.dumps([2, unique_id, action, payload]).encode())


def _sampled_values() -> list[dict[str, str]]:
    """The six values of each MeterValues: what an ordinary AC station reports."""
    return [
        {
            "value": value,
            "context": "Sample.Periodic",
            "measurand": measurand,
            "location": "Outlet",
            "unit": unit,
        }
        for value, measurand, unit in (
            (_REGISTER, "Energy.Active.Import.Register", "Wh"),
            (_POWER, "Power.Active.Import", "W"),
            ("32.0", "Current.Import", "A"),
            ("230.1", "Voltage", "V"),
            ("57", "SoC", "Percent"),
            ("31.5", "Temperature", "Celsius"),
        )
    ]


def meter_values(transaction_id: int) -> Callable[[int, bytes], bytes]:
    """The maker of one charger's MeterValues frames: (number, stamp) -> frame.

    ``number`` becomes the unique id and the energy register in Wh; all texts are equally long,
    so header and everything else are built once, here.
    """
    payload = {
        "connectorId": CONNECTOR_ID,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": _STAMP, "sampledValue": _sampled_values()}],
    }
    text = json.dumps([2, "%d", "MeterValues", payload], separators=(",", ":"))
    pattern = text.replace(_STAMP, "%b").replace(_REGISTER, "%d").encode()
    length = len(pattern % (FIRST_NUMBER, Clock().text(0), FIRST_NUMBER))
    template = client_header(length).replace(b"%", b"%%") + pattern
    return lambda number, stamp: template % (number, stamp, number)


def answer_to_server(text: bytes) -> bytes:
    """Our answer, as a client frame, to a CALL of the server: a station that supports little."""
    _, unique_id, action, _ = json.loads(text)
    answers: dict[str, dict[str, Any]] = {
        "GetConfiguration": {"configurationKey": [], "unknownKey": []},
        "ChangeConfiguration": {"status": "Accepted"},
        "TriggerMessage": {"status": "Rejected"},
    }
    if action in answers:
        return client_frame(json.dumps([3, unique_id, answers[action]]).encode())
    return client_frame(json.dumps([4, unique_id, "NotImplemented", "", {}]).encode())
