"""Who may call a view: API keys by their scopes, people by their Django permissions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class HasScope(BasePermission):
    """A view says ``model``, and where the usual does not fit ``scopes`` and ``permissions``.

    Scopes: reading needs ``read``, anything else ``write``, unless ``view.scopes`` names another
    for the method. People must be staff and have the permission on ``view.model`` that Django
    names for the method, unless ``view.permissions`` names another. Development (DEBUG) lets
    anybody read, as the prior gateway did; production refuses DEBUG.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        reading = request.method in SAFE_METHODS
        scopes = getattr(request.auth, "scopes", None)
        if scopes is not None:
            return self._key_may(scopes, view, request.method or "", reading)
        user = request.user
        if not user.is_authenticated:
            return reading and settings.DEBUG
        needed = _permission(view, request.method or "")
        self.message = f"You lack the permission {needed}."
        return user.is_staff and user.has_perm(needed)

    def _key_may(self, scopes: list[str], view: Any, method: str, reading: bool) -> bool:
        needed = "read" if reading else getattr(view, "scopes", {}).get(method, "write")
        self.message = f"This API key lacks the scope {needed}."
        return needed in scopes


def _permission(view: Any, method: str) -> str:
    own: str | None = getattr(view, "permissions", {}).get(method)
    if own is not None:
        return own
    options = view.model._meta
    return f"{options.app_label}.{_VERBS.get(method, 'view')}_{options.model_name}"
