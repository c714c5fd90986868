"""OCPP 1.6 payload members to Python values and back: texts, numbers, times, idTagInfo."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cms.shared import clock
from ocpp_gateway import quirks
from ocpp_gateway.dispatch import Inbound, Payload, Refusal
from rfid.services.cards import Authorization
from stations.models.connectors import MAX_CONNECTOR_ID

_BIG = 2**62 - 1  # so that the difference of two still fits into the database's big integers

_SINCE = datetime(2015, 1, 1, tzinfo=UTC)  # OCPP 1.6 is not older
_AHEAD = timedelta(hours=1)


def text(payload: Payload, member: str, width: int = 255, default: str = "") -> str:
    """A text, cut to ``width``: real stations overrun the specification's lengths."""
    return str(payload.get(member, default))[:width]


def integer(payload: Payload, member: str) -> int:
    """A whole number; the schema has seen that it is one. Refuses what no column holds."""
    number = int(payload[member])
    if abs(number) > _BIG:
        raise Refusal("PropertyConstraintViolation", f"{member} is too large")
    return number


def connector_number(payload: Payload) -> int:
    """The connectorId. Refuses a number no connector has, which a shared commit could not store."""
    number = integer(payload, "connectorId")
    if not 0 <= number <= MAX_CONNECTOR_ID:
        raise Refusal("PropertyConstraintViolation", f"connectorId is from 0 to {MAX_CONNECTOR_ID}")
    return number


def moment(inbound: Inbound, payload: Payload, member: str = "timestamp") -> tuple[datetime, str]:
    """A time and its raw text. Absent: when we received it. Refuses what is no time."""
    raw = str(payload.get(member, ""))
    if not raw:
        return inbound.at, ""
    z_is_local = inbound.model.z_is_local
    try:
        at = clock.parse(raw, zone=inbound.zone, z_is_local=z_is_local)
    except ValueError:
        raise Refusal("PropertyConstraintViolation", f"{member} is not a time") from None
    if z_is_local or not clock.is_usual(raw) or not _SINCE <= at <= inbound.at:
        _note_time(inbound, raw, at)
    return at, raw[:64]


def _note_time(inbound: Inbound, raw: str, at: datetime) -> None:
    """Count what was odd about a time that was read all the same."""
    kind, model = quirks.of_time(raw), inbound.model
    if kind:
        inbound.note(kind, raw[:64])
    if kind == "naive_time" and "naive_times" in model.rows:
        inbound.note("naive_times", raw[:64])
    if model.z_is_local and raw.rstrip()[-1:] in ("Z", "z"):
        inbound.note("z_is_local", raw[:64])
    if not _SINCE <= at <= inbound.at + _AHEAD:
        inbound.note("wrong_clock", raw[:64])


def id_tag_info(authorization: Authorization) -> Payload:
    """idTagInfo, OCPP 1.6 section 7.27: absent members are left out, never null."""
    info: dict[str, Any] = {"status": authorization.status}
    if authorization.valid_until:
        info["expiryDate"] = clock.text(authorization.valid_until)
    if authorization.parent_id_tag:
        info["parentIdTag"] = authorization.parent_id_tag
    return info
