"""API keys on HTTP: ``Authorization: Api-Key <key>``, or ``X-API-Key: <key>``."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cms.accounts import keys
from cms.accounts.models import ApiKey, User
from cms.shared import clock

SCHEME = "Api-Key"


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
