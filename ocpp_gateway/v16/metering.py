"""OCPP 1.6, metering: MeterValues, and the meterValue elements of a StopTransaction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from ocpp_gateway.dispatch import Inbound, Payload, Refusal
from ocpp_gateway.measurands import measured
from ocpp_gateway.tolerances import UNITS
from ocpp_gateway.v16.values import connector_number, integer, moment
from stations.readings import Reading, fingerprint
from stations.services import metering

_UNITS = {member: name for name, member in UNITS.items()}


def meter_values(inbound: Inbound) -> list[Reading]:
    """What a connector's meter showed; section 4.7. ``record`` stores many of them together."""
    readings = readings_of(inbound, inbound.payload["meterValue"])
    if not inbound.model.since_start:
        return readings
    inbound.note("session_registers", "")
    return [reading._replace(since_start=True) for reading in readings]


def record(readings: Sequence[Reading], at: datetime) -> None:
    """Store the readings of many frames: the one writing call they share."""
    metering.record(readings=readings, at=at)


def readings_of(inbound: Inbound, elements: Iterable[Payload]) -> list[Reading]:
    """meterValue elements as readings: normalised, their text kept, fit to be recognised again."""
    payload = inbound.payload
    connector_id = connector_number(payload) if "connectorId" in payload else 0
    transaction_id = integer(payload, "transactionId") if "transactionId" in payload else None
    return [_reading(inbound, connector_id, transaction_id, element) for element in elements]


def readable(inbound: Inbound, elements: Iterable[Payload]) -> list[Reading]:
    """The same, without those whose time cannot be: a stop is not refused for what it brings."""
    found = []
    for element in elements:
        with contextlib.suppress(Refusal):
            found += readings_of(inbound, [element])
    return found


def _reading(
    inbound: Inbound, connector_id: int, transaction_id: int | None, element: dict[str, Any]
) -> Reading:
    sampled_at, sampled_at_raw = moment(inbound, element)
    samples = element["sampledValue"]
    raw = _text(samples)
    values = measured(samples, inbound.model.units)
    for name, unit in inbound.model.units.items():
        if getattr(values, name) is not None:
            inbound.note(_UNITS[name], unit)
    return Reading(
        inbound.station_id,
        connector_id,
        transaction_id,
        sampled_at,
        sampled_at_raw,
        str(samples[0].get("context", "Sample.Periodic"))[:40] if samples else "",
        *values,
        raw.decode(),
        fingerprint(raw, transaction_id),
    )


def _text(samples: list[dict[str, Any]]) -> bytes:
    try:
        return orjson.dumps(samples)
    except TypeError:  # a member nobody asked for is a number beyond 64 bits
        return json.dumps(samples).encode()
