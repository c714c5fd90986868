"""Security profiles: what a station must prove to connect, and how it moves to a higher one."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from stations.models import ChargingStation, SecurityProfile


def required(station: ChargingStation | None) -> int:
    """The least profile a station must connect with; one nobody knows is treated as a new one.

    A station without a profile of its own needs its key, where it has one, or where the settings
    let nobody in without (OCPP_ALLOW_UNAUTHENTICATED).
    """
    has_key = bool(station and station.key_hash)
    own = station.security_profile if station else None
    if own is None:
        own = SecurityProfile.PASSWORD if has_key else SecurityProfile.NONE
    if own == SecurityProfile.NONE and not settings.OCPP_ALLOW_UNAUTHENTICATED:
        return SecurityProfile.PASSWORD
    return own


def proved(*, secure: bool, key: bool, certificate: bool) -> int:
    """The profile a socket fulfils: over TLS or not, with the right key, with a certificate."""
    if secure and certificate:
        return SecurityProfile.TLS_CERTIFICATE
    if not key:
        return SecurityProfile.NONE
    return SecurityProfile.TLS_PASSWORD if secure else SecurityProfile.PASSWORD


def learned(station: ChargingStation, profile: int) -> dict[str, Any]:
    """The fields of ``station`` that a connection with ``profile`` settles: a change is done."""
    changes: dict[str, Any] = {"connected_profile": profile}
    if station.pending_profile is not None and profile >= station.pending_profile:
        changes |= {"security_profile": station.pending_profile, "pending_profile": None}
    return changes
