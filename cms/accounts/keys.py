"""API keys: make, find by what a caller presents, revoke."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from cms.accounts.models import ApiKey, Scope, User
from cms.shared.errors import DomainError

_USE_RESOLUTION = timedelta(minutes=1)


def create(
    *,
    name: str,
    user: User,
    scopes: list[str],
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key for ``user``; gives the row and the key itself, which is never shown again.

    Raises DomainError for a scope that does not exist.
    """
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise DomainError(f"scopes must be some of {', '.join(Scope.values)}")
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        hashed_key=_hash(secret),
        scopes=sorted(set(scopes)),
        user=user,
        created_at=at,
        expires_at=expires_at,
    )
    return key, f"{prefix}.{secret}"


def find(presented: str, *, at: datetime) -> ApiKey | None:
    """The valid key that ``presented`` is, or None; notes its use once a minute."""
    prefix, _, secret = presented.partition(".")
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    known = key.hashed_key if key else _hash("")
    if not hmac.compare_digest(known, _hash(secret)) or key is None:
        return None
    if not key.is_valid(at) or not key.user.is_active:
        return None
    if key.last_used_at is None or at - key.last_used_at > _USE_RESOLUTION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def revoke(key: ApiKey, *, at: datetime) -> None:
    """End ``key`` for good."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)


def _hash(secret: str) -> str:
    # Keys are 256 random bits: a fast hash is as safe as a slow one, and each request pays it.
    return hashlib.sha256(secret.encode()).hexdigest()
