"""Who asks over GraphQL, and what they may: the same scopes and permissions as over REST."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.exceptions import NotAuthenticated, PermissionDenied

from cms.shared.api import HasScope

READING, CHANGING, ADDING = "GET", "PATCH", "POST"
UNAUTHORIZED = "Unauthorized"  # what apps of the EV Backend look for


@dataclass
class Caller:
    """The context of an operation. ``auth``: the ApiKey or token they came in with."""

    user: Any = field(default_factory=AnonymousUser)
    auth: Any = None
    request: Any = None  # of HTTP
    address: str = ""  # of a socket: for what is counted by address, where there is no request
    expires_at: datetime | None = None
    connection_params: dict[str, Any] | None = None  # what a socket began with

    @property
    def is_program(self) -> bool:
        """Whether an API key asks, which is nobody's own app."""
        return getattr(self.auth, "scopes", None) is not None

    def asked(self, verb: str = READING) -> Any:
        """A request as the permissions and throttles of REST look at it."""
        where = self.request.META if self.request else {"REMOTE_ADDR": self.address}
        who: dict[str, Any] = {"user": self.user, "auth": self.auth}
        return SimpleNamespace(**who, method=verb, META=where, headers={})


def person(caller: Caller) -> Any:
    """The user who asks. Raises NotAuthenticated."""
    if not caller.user.is_authenticated:
        raise NotAuthenticated(UNAUTHORIZED)
    return caller.user


def needs(caller: Caller, model: Any, verb: str = READING, *, permission: str = "") -> None:
    """See that the caller may do this with rows of ``model``, as HasScope says it over REST.

    ``permission`` names another one than the usual. Raises NotAuthenticated, PermissionDenied,
    and Http404 where a limited operator sees nothing of the kind.
    """
    person(caller)
    permissions = {verb: permission} if permission else {}
    view = SimpleNamespace(model=model, kwargs={}, permissions=permissions)
    gate = HasScope()
    if not gate.has_permission(caller.asked(verb), view):
        raise PermissionDenied(gate.message)
