"""Station keys: the password of HTTP Basic authentication (security profile 1)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string

from django.conf import settings

from cms.shared import sealing
from cms.shared.errors import DomainError
from stations.models import ChargingStation

_LENGTH = range(16, 41)  # AuthorizationKey, OCPP 1.6 security whitepaper section 4.1
_LETTERS = string.ascii_letters + string.digits
_SHORT = range(16, 21)  # fits into AuthorizationKey as hexadecimal digits
_HEX = re.compile("(?:[0-9a-fA-F]{2}){16,20}")
MOST_PENDING = 3  # keys it was given and may use; no more are given before it proves one
_NOBODY = "hmac-sha256$00000000$" + 64 * "0"


def set_key(*, station: ChargingStation, key: str | None = None) -> str:
    """Give ``station`` a key (a random one, unless one is given) and return it: shown only now.

    Raises DomainError for a given key that is not 16 to 40 printable characters.
    """
    key = new() if key is None else key
    check(key)
    station.key_hash = hashed(key)
    station.pending_keys = []
    station.save(update_fields=["key_hash", "pending_keys", "updated_at"])
    return key


def new() -> str:
    """A key nobody can guess: 20 random letters and digits, as 40 hexadecimal digits.

    Stations present what they are given, or (as the whitepaper means it) the bytes those digits
    stand for; of letters, because several cannot send every byte.
    """
    return "".join(secrets.choice(_LETTERS) for _ in range(20)).encode().hex()


def check(key: str) -> None:
    """Raise DomainError for a key no station can have."""
    if len(key) not in _LENGTH or not key.isprintable():
        raise DomainError(
            "A station key has 16 to 40 printable characters",
            fields={"authorizationKey": ["16 to 40 printable characters expected"]},
        )


def as_sent(key: str) -> str:
    """``key`` as AuthorizationKey takes it: hexadecimal digits, where they fit into 40 (4.1).

    A longer text goes as it is, to stations that take it literally. Raises DomainError.
    """
    check(key)
    if _HEX.fullmatch(key) or len(key.encode()) not in _SHORT:
        return key
    return key.encode().hex()


def clear_key(*, station: ChargingStation) -> None:
    """Let ``station`` connect without a key, where the settings allow it at all."""
    station.key_hash = ""
    station.pending_keys = []
    station.save(update_fields=["key_hash", "pending_keys", "updated_at"])


def hashed(key: str) -> str:
    """What is kept of ``key``."""
    return _hash(_canonical(key), secrets.token_hex(4), settings.SECRET_KEY)


def matches(key_hash: str, presented: str | bytes) -> bool:
    """Whether ``presented`` is the key, as it is, in hexadecimal digits, or as their bytes.

    Takes as long for a station that has none, and whichever of them it is.
    """
    known = key_hash or _NOBODY
    salt = known.split("$")[1]
    found = [
        hmac.compare_digest(_hash(form, salt, secret), known)
        for form in _forms(presented)
        for secret in sealing.secret_keys()
    ]
    return any(found) and bool(key_hash)


def recognised(station: ChargingStation | None, presented: str | bytes) -> str | None:
    """The hash of the key of ``station`` that was presented, an old one or a new; or None."""
    pending = station.pending_keys[-MOST_PENDING:] if station else []
    hashes = [station.key_hash if station else "", *(each["hash"] for each in pending)]
    hashes += [""] * (1 + MOST_PENDING - len(hashes))  # as many for every station
    found = [each for each in hashes if matches(each, presented)]
    return found[0] if found else None


def _canonical(key: str) -> str:
    """Hexadecimal digits in lower case: the same bytes are the same key."""
    return key.lower() if _HEX.fullmatch(key) else key


def _forms(presented: str | bytes) -> tuple[str, ...]:
    raw = presented.encode(errors="surrogateescape") if isinstance(presented, str) else presented
    text = raw.decode(errors="replace")
    try:
        plain = bytes.fromhex(text).decode()
    except ValueError:
        plain = text
    return text, _canonical(text), raw.hex(), plain


def _hash(key: str, salt: str, secret: str) -> str:
    # Random keys need no slow hash, and 10,000 stations may reconnect at once (ECOSYSTEM 2.2).
    digest = hmac.new(secret.encode(), f"{salt}{key}".encode(), hashlib.sha256)
    return f"hmac-sha256${salt}${digest.hexdigest()}"
