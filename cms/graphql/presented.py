"""Who a socket is of: what its handshake or its first message presents, checked and looked at anew.

A token or an API key: in ``connection_init`` (``Authorization``, ``authToken``, ``token``), in the
header ``Authorization`` (``X-API-Key``), or as ``?token=``. Never a cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from cms.accounts import keys, tokens
from cms.accounts.authentication import SCHEME
from cms.accounts.models import User
from cms.accounts.tokens import NotValid
from cms.graphql.callers import Caller
from cms.shared import clock

_PARAMETERS = ("authorization", "authtoken", "token")
_LONGEST = 10_000


@dataclass
class SocketCaller(Caller):
    """Whoever a socket is of; rights, limits and keys may change while it is open."""

    presented: str = ""

    def look_again(self) -> None:
        """Who they are by now: nobody known where the token ran out, or they left."""
        # At once and at the end: other operations of the socket are under way meanwhile.
        self.user, self.auth = self._found()

    @property
    def is_over(self) -> bool:
        """Whether what was presented opens nothing any more."""
        return bool(self.presented) and not self.user.is_authenticated

    def _found(self) -> tuple[Any, Any]:
        nobody = AnonymousUser(), None
        if not self.presented or (self.expires_at and clock.now() >= self.expires_at):
            return nobody
        scheme, secret = _parts(self.presented)
        if scheme == SCHEME.lower():
            key = keys.find(secret, at=clock.now())
            return (key.user, key) if key is not None else nobody
        try:
            found = tokens.presented(secret)
        except NotValid:
            return nobody
        self.expires_at = min(self.expires_at or found.expires_at, found.expires_at)
        return User.objects.get(pk=found.user_id), secret


def begin(caller: SocketCaller, scope: dict[str, Any]) -> bool:
    """Make ``caller`` who the socket presents; False where that opens nothing.

    A socket that presents nothing is of nobody known.
    """
    caller.presented = _in_parameters(caller.connection_params or {}) or _in_handshake(scope)
    caller.look_again()
    session = clock.now() + timedelta(milliseconds=settings.SESSION_TIMEOUT)
    caller.expires_at = min(caller.expires_at or session, session)
    return not caller.is_over


def ends_at(caller: SocketCaller) -> datetime:
    """When a socket that has begun is to end."""
    assert caller.expires_at is not None
    return caller.expires_at


def _parts(presented: str) -> tuple[str, str]:
    scheme, _, secret = presented.strip().partition(" ")
    return (scheme.lower(), secret.strip()) if secret else ("", scheme)


def _in_parameters(parameters: dict[str, Any]) -> str:
    said = {name.lower(): value for name, value in parameters.items() if isinstance(value, str)}
    found: list[str] = [said[name][:_LONGEST] for name in _PARAMETERS if said.get(name)]
    return found[0] if found else ""


def _in_handshake(scope: dict[str, Any]) -> str:
    headers = dict(scope["headers"])
    if said := str(headers.get(b"authorization", b"").decode("latin1")):
        return said
    if key := headers.get(b"x-api-key", b"").decode("latin1"):
        return f"{SCHEME} {key}"
    query = parse_qs(scope.get("query_string", b"").decode("latin1"))
    return str(query["token"][0]) if query.get("token") else ""
