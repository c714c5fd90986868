"""Security profiles: what a station must prove to connect, and what has to come before a higher."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    CertificateState,
    ChargingStation,
    SecurityProfile,
    StationCertificate,
)


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


def check(station: ChargingStation, profile: int, *, at: datetime) -> None:
    """Raise where ``station`` may not be told to use ``profile``.

    DomainError for a lower one than it has, Conflict where it, or this system, lacks what the
    profile needs: the station would come back and be turned away.
    """
    own = max(required(station), station.connected_profile or 0)
    if profile < own or profile == SecurityProfile.NONE:
        raise DomainError(
            "A security profile is never lowered through OCPP: %(station)s has %(own)s",
            fields={"value": ["is never lowered through OCPP: %(station)s has %(own)s"]},
            station=station.cp_id,
            own=own,
        )
    if profile >= SecurityProfile.TLS_PASSWORD and not has_tls():
        raise Conflict("Security profiles 2 and 3 need TLS (TLS_PORT, or BEHIND_PROXY)")
    if profile == SecurityProfile.TLS_CERTIFICATE:
        if not (settings.TLS_CLIENT_CA or has_certificate(station, at=at)):
            raise Conflict(
                "%(station)s needs a certificate first (SignCertificate)", station=station.cp_id
            )
    elif not has_key(station):
        raise Conflict("%(station)s needs a key first (AuthorizationKey)", station=station.cp_id)


def has_tls() -> bool:
    """Whether stations may reach this system over TLS."""
    return bool(settings.TLS_PORT or settings.BEHIND_PROXY)


def has_key(station: ChargingStation) -> bool:
    """Whether the station has a key, or took one."""
    return bool(station.key_hash) or any("taken_at" in each for each in station.pending_keys)


def has_certificate(station: ChargingStation, *, at: datetime) -> bool:
    """Whether the station took a certificate of ours that is still valid."""
    own = StationCertificate.objects.filter(station=station, state=CertificateState.ACCEPTED)
    return own.filter(not_after__gt=at).exists()
