"""Who calls over HTTP: by ``Authorization: Api-Key <key>``, ``X-API-Key: <key>``, or a token."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from cms.accounts import keys, tokens
from cms.accounts.models import ApiKey, User
from cms.shared import clock

SCHEME = "Api-Key"


class TokenAuthentication(JWTAuthentication):
    """``Authorization: Bearer <access>``, as long as its user has the password it was given for."""

    def get_user(self, validated_token: Any) -> Any:
        """Whose it is. Raises AuthenticationFailed (401)."""
        user: Any = super().get_user(validated_token)
        if not tokens.is_sealed(validated_token.payload.get(tokens.SEAL), user):
            raise AuthenticationFailed("The password was changed: log in again", "password_changed")
        return user


class ApiKeyAuthentication(BaseAuthentication):
    """``request.user`` is the key's user, ``request.auth`` the ApiKey itself."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The caller, or None where no key is presented. Raises AuthenticationFailed (401)."""
        presented = _presented(request)
        if presented is None:
            return None
        key = keys.find(presented, at=clock.now())
        if key is None:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says in WWW-Authenticate."""
        return f'{SCHEME} realm="api"'


def _presented(request: Request) -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == SCHEME.lower():
        return key.strip()
    header: str | None = request.headers.get("X-API-Key")
    return header.strip() if header is not None else None
