"""Reading: a meter value in flight, before it is a row; the wire makes it, metering records it."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple


class Reading(NamedTuple):
    """What a meter showed at one moment, in Wh, W, A, V and %, and the text it came from."""

    station_id: int
    connector_id: int  # its number at the station
    transaction_id: int | None
    sampled_at: datetime
    sampled_at_raw: str
    context: str
    energy_wh: int | None
    power_w: int | None
    current_a: float | None
    voltage_v: float | None
    soc_percent: float | None
    raw: str
    fingerprint: int  # of the content: with connector and moment, the natural key
    since_start: bool = False  # energy_wh counts from the start of its session


def fingerprint(raw: str | bytes, transaction_id: int | None) -> int:
    """64 bits of what an element says under a number; with connector and moment its natural key."""
    text = raw.encode() if isinstance(raw, str) else raw
    digest = blake2b(text + str(transaction_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
