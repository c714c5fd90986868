"""Reading: a meter value in flight, before it is a row; the wire makes it, metering records it."""

from __future__ import annotations

from datetime import datetime
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
