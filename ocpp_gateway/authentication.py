"""Is this socket the station it says it is? Decided before the upgrade (profiles 0 to 3)."""

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

from ocpp_gateway import dialects, tolerances
from ocpp_gateway.masking import printable
from ocpp_gateway.tolerances import Tolerances
from stations.models import ChargingStation, Registration
from stations.services import certificates, keys, profiles, stations

logger = logging.getLogger(__name__)
# First path segments that are never a station's: its id may still follow after /ocpp/.
RESERVED = {"admin", "api", "files", "ws", "graphql", "static", "health", "metrics"}
_OCPP = "ocpp"


class Denied(NamedTuple):
    """The upgrade is refused with this HTTP status; the reason is short and says no secret."""

    status: int
    reason: str
    why: str = ""  # more of it, for the log only: who is refused is told nothing to learn from


class Admission(NamedTuple):
    """The station behind a socket, which is the newest one now."""

    station: ChargingStation
    connection_id: str
    subprotocol: str
    answered_subprotocol: str | None  # None where the station offered none
    model: Tolerances


class _Proven(NamedTuple):
    station: ChargingStation
    proof: stations.Proof


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


def presented(scope: dict[str, Any]) -> str | None:
    """The identity a handshake names, whoever it is; None where its path names none."""
    return identity(_raw_path(scope))


def admit(scope: dict[str, Any], at: datetime) -> Admission | Denied:
    """Let a socket in, or say with which status it is turned away; every refusal is logged."""
    decision = _decide(scope, at)
    if isinstance(decision, Denied):
        path = printable(scope["path"][:120])
        why = decision.why or decision.reason
        logger.warning("[%s] Refused: %s (%d)", path, why, decision.status)
    return decision


def _decide(scope: dict[str, Any], at: datetime) -> Admission | Denied:
    cp_id = presented(scope)
    if cp_id is None:
        return Denied(404, "no station id in the path")
    offered = scope.get("subprotocols") or []
    spoken = dialects.chosen(offered)
    if spoken is None:
        return Denied(400, f"only {', '.join(dialects.SUBPROTOCOLS)} is spoken here")
    proven = _station(cp_id, scope, at)
    if isinstance(proven, Denied):
        return proven
    connection_id = uuid.uuid4().hex
    stations.connected(
        station_id=proven.station.pk,
        connection_id=connection_id,
        protocol=spoken.subprotocol,
        at=at,
        proof=proven.proof,
    )
    model = tolerances.of(proven.station)
    return Admission(proven.station, connection_id, spoken.subprotocol, spoken.answered, model)


def _raw_path(scope: dict[str, Any]) -> str:
    """The path before any decoding; empty where it is not even ASCII."""
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw_path.decode("ascii") if raw_path.isascii() else ""


def _station(cp_id: str, scope: dict[str, Any], at: datetime) -> _Proven | Denied:
    """The station that may use this socket. Unknown ones take as long as known ones to refuse."""
    station = stations.find(cp_id)
    user, key = _credentials(scope)
    key_hash = keys.recognised(station, key)
    if user.lower() != cp_id.lower():
        key_hash = None
    secure, problem = _certificate(cp_id, scope, at)
    profile = profiles.proved(secure=secure, key=key_hash is not None, certificate=problem == "")
    needed = profiles.required(station)
    if profile < needed:
        why = f"profile {needed} is needed, {profile} was proved" + (f"; {problem}" * bool(problem))
        return Denied(401, "wrong station id or key", why)
    found = station or _unknown(cp_id)
    if isinstance(found, Denied):
        return found
    pending = bool(found.pending_keys) or found.pending_profile is not None
    return _Proven(found, stations.Proof(key_hash, profile, pending))


def _certificate(cp_id: str, scope: dict[str, Any], at: datetime) -> tuple[bool, str | None]:
    """Whether the socket is encrypted, and what is wrong with its certificate.

    That is empty for a right one, and None where none was shown.
    """
    shown = scope.get("extensions", {}).get("tls")
    if shown is None:
        return False, None
    if not shown["client_cert_chain"]:
        return True, None
    if shown["client_cert_error"]:
        return True, f"the proxy says of the certificate: {printable(shown['client_cert_error'])}"
    return True, certificates.problem(shown["client_cert_chain"], cp_id=cp_id, at=at)


def _unknown(cp_id: str) -> ChargingStation | Denied:
    policy = settings.OCPP_UNKNOWN_STATIONS
    if policy == "reject":
        return Denied(404, "this station is not known here")
    registration = Registration.ACCEPTED if policy == "accept" else Registration.PENDING
    return stations.adopt(cp_id=cp_id, registration=registration)


def _credentials(scope: dict[str, Any]) -> tuple[str, bytes]:
    """User and password of HTTP Basic authentication; empty where there is none to read.

    The password may be any bytes (security whitepaper, section 4.1: randomly generated binary).
    """
    header = dict(scope["headers"]).get(b"authorization", b"")
    scheme, _, value = header.partition(b" ")
    if scheme.lower() != b"basic":
        return "", b""
    try:
        user, _, key = base64.b64decode(value, validate=True).partition(b":")
        return user.decode(), key
    except (binascii.Error, UnicodeDecodeError):
        return "", b""
