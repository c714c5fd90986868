"""OCPP 1.6, DataTransfer: what vendors tell in messages of their own, each with its handler.

Section 4.3 leaves vendorId, messageId and data to the vendor. To serve another message, write a
function that takes (inbound, data) and gives an Answer, and name it in ``HANDLERS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from cms.shared import clock
from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import text
from stations import selectors
from stations.models import ConnectorStatus
from stations.models.connectors import MAX_CONNECTOR_ID
from stations.readings import Reading
from stations.services import connectors, metering

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MOST_WH = 2**53


class Answer(NamedTuple):
    """DataTransfer.conf: Accepted or Rejected, and whatever ``data`` the vendor expects."""

    status: str = "Accepted"
    data: str | None = None


class Unreadable(Exception):
    """What a handler raises for data it cannot read: the station hears Rejected."""


Handler = Callable[[Inbound, str], Answer]


def data_transfer(inbound: Inbound) -> Payload:
    """A vendor's own message; section 4.3 says what to answer where nobody knows it."""
    vendor = text(inbound.payload, "vendorId").lower()
    handlers = HANDLERS.get(vendor)
    if handlers is None:
        return {"status": "UnknownVendorId"}
    handler = handlers.get(text(inbound.payload, "messageId").lower())
    if handler is None:
        return {"status": "UnknownMessageId"}
    try:
        answer = handler(inbound, str(inbound.payload.get("data", "")))
    except Unreadable:
        return {"status": "Rejected"}
    return {name: value for name, value in answer._asdict().items() if value is not None}


def evbox_status(inbound: Inbound, data: str) -> Answer:
    """EVBox stations tell each status as a row of values, too, often before the notification:

    ``1,SuspendedEV,NoError,No error.,0,Yellow,...,2024-07-11T15:15:36Z,...``
    """
    fields = [field.strip() for field in data.split(",")]
    if len(fields) < 3 or fields[1] not in ConnectorStatus.values:
        raise Unreadable
    raw = _MOMENT.search(data)
    report = connectors.StatusReport(
        connector_id=_whole(fields[0], 0, MAX_CONNECTOR_ID),
        status=fields[1],
        error_code=fields[2][:255],
        reported_at=_moment(raw[0]) if raw else inbound.at,
        reported_at_raw=raw[0][:64] if raw else "",
        info=fields[3][:500] if len(fields) > 3 else "",
        vendor_id="EV-BOX",
    )
    connectors.set_status(station_id=inbound.station_id, report=report, at=inbound.at)
    return Answer()


def charge_level(inbound: Inbound, data: str) -> Answer:
    """FlexiCharge stations tell register (Wh) and state of charge of a session this way:

    ``{"transactionId": 1, "latestMeterValue": 1500, "CurrentChargePercentage": 42}``
    """
    told = _object(data)
    session = (
        selectors.sessions()
        .filter(station_id=inbound.station_id, pk=_whole(told.get("transactionId"), 1, 2**31 - 1))
        .first()
    )
    if session is None or session.connector is None:
        return Answer("Rejected", "")
    percent = told.get("CurrentChargePercentage")
    raw = orjson.dumps([told])
    digest = blake2b(raw + inbound.at.isoformat().encode(), digest_size=8).digest()
    reading = Reading(
        *(inbound.station_id, session.connector.connector_id, session.pk, inbound.at, ""),
        *("Sample.Periodic", _whole(told.get("latestMeterValue"), 0, _MOST_WH)),
        *(None, None, None),
        None if percent is None else float(_whole(percent, 0, 100)),
        raw.decode(),
        int.from_bytes(digest, "big", signed=True),
    )
    metering.record(readings=[reading], at=inbound.at)
    return Answer(data="")  # its clients read the member


# By vendorId, then messageId; letter case counts in neither.
HANDLERS: dict[str, dict[str, Handler]] = {
    "ev-box": {"evbstatusnotification": evbox_status},
    "com.flexicharge": {"chargelevelupdate": charge_level},
}


def _object(data: str) -> dict[str, Any]:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unreadable from None
    if not isinstance(told, dict):
        raise Unreadable
    return told


def _whole(value: Any, least: int, most: int) -> int:
    """A number or the text of one, as a whole number in its limits."""
    try:
        number = round(float(value))
    except (TypeError, ValueError, OverflowError):
        raise Unreadable from None
    if not least <= number <= most:
        raise Unreadable
    return number


def _moment(raw: str) -> Any:
    try:
        return clock.parse(raw)
    except ValueError:
        raise Unreadable from None
