"""Access tokens as apps present them on a socket: ours, and any that was signed with our secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.state import token_backend

from cms.accounts import passwords
from cms.accounts.models import User

SEAL = "seal"  # the claim of ours that ties a token to the password it was given for
_SUBJECTS = ("sub", "userId", "user_id")  # what prior systems call it


class NotValid(Exception):
    """Why a token opens nothing, in a few words for its sender."""


class Presented(NamedTuple):
    """Whose token it is, until when it counts, and of which password, where it says so."""

    user_id: int
    username: str
    expires_at: datetime
    seal: str | None = None


def presented(token: str) -> Presented:
    """Whoever ``token`` (a JWT, HS256) was made out to, by number or by name.

    Raises NotValid: missing, expired, forged, not an access token, of nobody who may log in, or of
    a password that was changed.
    """
    if not token:
        raise NotValid("Missing token")
    try:
        claims: dict[str, Any] = token_backend.decode(token, verify=True)  # type: ignore[arg-type]
    except TokenBackendExpiredToken:
        raise NotValid("Token expired") from None
    except TokenBackendError:
        raise NotValid("Invalid token") from None
    # A refresh token lives for weeks and is good for one thing only.
    if claims.get("token_type", "access") != "access" or not isinstance(claims.get("exp"), int):
        raise NotValid("Invalid token")
    user = _user(next((claims[name] for name in _SUBJECTS if claims.get(name)), None))
    seal = claims.get(SEAL)
    if user is None or not is_sealed(seal, user):
        raise NotValid("Invalid token")
    return Presented(user.pk, user.username, datetime.fromtimestamp(claims["exp"], UTC), seal)


def is_sealed(seal: object, user: User) -> bool:
    """Whether a token is of the password ``user`` has now; those others sign with our secret do

    not say (None).
    """
    return seal is None or passwords.is_sealed(user, seal)


def is_whose(user: Presented, said: Any) -> bool:
    """Whether what a client calls its user is this one: the number or the name."""
    return str(said) in (str(user.user_id), user.username)


def _user(subject: Any) -> User | None:
    """By number where it is one, else by name."""
    active = User.objects.filter(is_active=True)
    text = str(subject or "")
    if text.isascii() and text.isdigit() and len(text) < 19:
        return active.filter(pk=int(text)).first()
    return active.filter(username=text).first() if text else None
