"""Station keys: the password of HTTP Basic authentication (security profile 1)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.conf import settings

from cms.shared.errors import DomainError
from stations.models import ChargingStation

_LENGTH = range(16, 41)  # AuthorizationKey, OCPP 1.6 security whitepaper section 4.1
_NOBODY = "hmac-sha256$00000000$" + 64 * "0"


def set_key(*, station: ChargingStation, key: str | None = None) -> str:
    """Give ``station`` a key (20 random bytes, unless one is given) and return it: shown only now.

    Raises DomainError for a given key that is not 16 to 40 printable characters.
    """
    key = secrets.token_hex(20) if key is None else key
    if len(key) not in _LENGTH or not key.isprintable():
        raise DomainError(
            "A station key has 16 to 40 printable characters",
            fields={"authorizationKey": ["16 to 40 printable characters expected"]},
        )
    station.key_hash = _hash(key, secrets.token_hex(4))
    station.save(update_fields=["key_hash", "updated_at"])
    return key


def clear_key(*, station: ChargingStation) -> None:
    """Let ``station`` connect without a key, where the settings allow it at all."""
    station.key_hash = ""
    station.save(update_fields=["key_hash", "updated_at"])


def matches(key_hash: str, presented: str) -> bool:
    """Whether ``presented`` is the key; takes as long for a station that has none."""
    known = key_hash or _NOBODY
    salt = known.split("$")[1]
    return hmac.compare_digest(_hash(presented, salt), known) and bool(key_hash)


def _hash(key: str, salt: str) -> str:
    # Random keys need no slow hash, and 10,000 stations may reconnect at once (ECOSYSTEM 2.2).
    digest = hmac.new(settings.SECRET_KEY.encode(), f"{salt}{key}".encode(), hashlib.sha256)
    return f"hmac-sha256${salt}${digest.hexdigest()}"
