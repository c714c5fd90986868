"""Is this socket the station it says it is? Decided before the upgrade (profiles 0 and 1)."""

from __future__ import annotations

import base64
import binascii
import logging
import uuid
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from django.conf import settings
from django.core.exceptions import ValidationError

from ocpp_gateway import dialects
from ocpp_gateway.masking import printable
from stations.models import ChargingStation, Registration
from stations.services import keys, stations

logger = logging.getLogger(__name__)
# First path segments that are never a station's: its id may still follow after /ocpp/.
RESERVED = {"admin", "api", "ws", "graphql", "static", "health", "metrics"}
_OCPP = "ocpp"


class Denied(NamedTuple):
    """The upgrade is refused with this HTTP status; the reason is short and says no secret."""

    status: int
    reason: str


class Admission(NamedTuple):
    """The station behind a socket, which is the newest one now."""

    station: ChargingStation
    connection_id: str
    subprotocol: str
    answered_subprotocol: str | None  # None where the station offered none


def identity(raw_path: str) -> str | None:
    """The cpId: the last part of the path, percent-decoded once; None where there is none."""
    parts = [part for part in raw_path.split("?")[0].split("/") if part]
    if not parts or parts[0].lower() in RESERVED or [part.lower() for part in parts] == [_OCPP]:
        return None
    try:
        cp_id = unquote(parts[-1], errors="strict")
        ChargingStation._meta.get_field("cp_id").run_validators(cp_id)
    except (UnicodeDecodeError, ValidationError):
        return None
    # Neither what a browser takes for a folder, nor what turns a line of the log around.
    return cp_id if cp_id.strip(". ") and cp_id.isprintable() else None


def admit(scope: dict[str, Any], at: datetime) -> Admission | Denied:
    """Let a socket in, or say with which status it is turned away; every refusal is logged."""
    decision = _decide(scope, at)
    if isinstance(decision, Denied):
        path = printable(scope["path"][:120])
        logger.warning("[%s] Refused: %s (%d)", path, decision.reason, decision.status)
    return decision


def _decide(scope: dict[str, Any], at: datetime) -> Admission | Denied:
    cp_id = identity(_raw_path(scope))
    if cp_id is None:
        return Denied(404, "no station id in the path")
    offered = scope.get("subprotocols") or []
    spoken = dialects.chosen(offered)
    if spoken is None:
        return Denied(400, f"only {', '.join(dialects.SUBPROTOCOLS)} is spoken here")
    station = _station(cp_id, scope)
    if isinstance(station, Denied):
        return station
    connection_id = uuid.uuid4().hex
    stations.connected(
        station_id=station.pk, connection_id=connection_id, protocol=spoken.subprotocol, at=at
    )
    return Admission(station, connection_id, spoken.subprotocol, spoken.answered)


def _raw_path(scope: dict[str, Any]) -> str:
    """The path before any decoding; empty where it is not even ASCII."""
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw_path.decode("ascii") if raw_path.isascii() else ""


def _station(cp_id: str, scope: dict[str, Any]) -> ChargingStation | Denied:
    """The station that may use this socket. Unknown ones take as long as known ones to refuse."""
    station = stations.find(cp_id)
    user, key = _credentials(scope)
    right = keys.matches(station.key_hash if station else "", key)
    needs_key = bool(station and station.key_hash) or not settings.OCPP_ALLOW_UNAUTHENTICATED
    if needs_key and not (right and user.lower() == cp_id.lower()):
        return Denied(401, "wrong station id or key")
    if station is None:
        return _unknown(cp_id)
    return station


def _unknown(cp_id: str) -> ChargingStation | Denied:
    policy = settings.OCPP_UNKNOWN_STATIONS
    if policy == "reject":
        return Denied(404, "this station is not known here")
    registration = Registration.ACCEPTED if policy == "accept" else Registration.PENDING
    return stations.adopt(cp_id=cp_id, registration=registration)


def _credentials(scope: dict[str, Any]) -> tuple[str, str]:
    """User and password of HTTP Basic authentication; empty where there is none to read."""
    header = dict(scope["headers"]).get(b"authorization", b"")
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        return "", ""
    try:
        user, _, key = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, key
