"""Who may ask for their own: whoever is logged in. What is somebody else's is not there (404)."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cms.accounts.models import User

_NO_KEYS = "An API key has nothing of its own: log in as the driver."


class LoggedIn(BasePermission):
    """People, with a token or in a browser; a key is a program's, whoever made it."""

    message = _NO_KEYS

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether somebody asks as themselves."""
        is_key = getattr(request.auth, "scopes", None) is not None
        return bool(request.user.is_authenticated) and not is_key


class Own:
    """Of a view: what it shows is the caller's, whatever sites they are limited to."""

    permission_classes: Any = (LoggedIn,)
    is_own = True
    refusals: ClassVar[dict[str, str]] = {"403": "An API key was presented: it owns nothing"}


def myself(request: Request) -> User:
    """Who asks: the row itself, read anew, as authentication may have found a stand-in."""
    return User.objects.get(pk=my_id(request))


def my_id(request: Request) -> int:
    """Who asks, by their number."""
    return int(request.user.pk or 0)
