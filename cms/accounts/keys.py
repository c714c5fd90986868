"""API keys: make, find by what a caller presents, revoke."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from cms.accounts.models import ApiKey, Scope, SiteLimit, User
from cms.shared.errors import DomainError

_USE_RESOLUTION = timedelta(minutes=1)


@transaction.atomic
def create(
    *,
    name: str,
    user: User,
    scopes: list[str],
    at: datetime,
    expires_at: datetime | None = None,
    sites: Iterable[Any] = (),
) -> tuple[ApiKey, str]:
    """Make a key for ``user``; gives the row and the key itself, which is never shown again.

    ``sites`` (rows, or their ids) limit it further than its user is; none: not at all.
    Raises DomainError for a scope that does not exist.
    """
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise DomainError("scopes must be some of %(known)s", known=", ".join(Scope.values))
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
    key.sites.set(sites)
    return key, f"{prefix}.{secret}"


def find(presented: str, *, at: datetime) -> ApiKey | None:
    """The valid key that ``presented`` is, or None; notes its use once a minute."""
    prefix, _, secret = presented.partition(".")
    limits = SiteLimit.objects.filter(Q(key=OuterRef("pk")) | Q(user=OuterRef("user")))
    rows = ApiKey.objects.select_related("user").annotate(is_limited=Exists(limits))
    key = rows.filter(prefix=prefix).first()
    known = key.hashed_key if key else _hash("")
    if not hmac.compare_digest(known, _hash(secret)) or key is None:
        return None
    if not key.is_valid(at) or not key.user.is_active:
        return None
    if key.last_used_at is None or at - key.last_used_at > _USE_RESOLUTION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    key.user.key = key  # which may be limited to fewer sites than its user
    if not key.is_limited:
        key.user.site_limit = None  # known already: most keys need no query more
    return key


def revoke(key: ApiKey, *, at: datetime) -> None:
    """End ``key`` for good."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)


def _hash(secret: str) -> str:
    # Keys are 256 random bits: a fast hash is as safe as a slow one, and each request pays it.
    return hashlib.sha256(secret.encode()).hexdigest()
