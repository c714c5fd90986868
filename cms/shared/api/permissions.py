"""Who may call a view: API keys by their scopes, people by their Django permissions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from cms.shared import scoping

_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class HasScope(BasePermission):
    """A view says ``model``, and where the usual does not fit ``scopes`` and ``permissions``.

    Scopes: reading needs ``read``, anything else ``write``, unless ``view.scopes`` names another
    for the method (or several, of which one will do). People must be staff and have the permission
    on ``view.model`` that Django names for the method, unless ``view.permissions`` names another.
    A view that ``is_silent`` answers with nothing, not 404, for what its address names and who asks
    does not see, and for what does not exist: it narrows its rows itself.
    Development (DEBUG) lets anybody read, as the prior gateway did; production refuses DEBUG.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``.

        Raises Http404 for what is not of the sites they are limited to, as for what is not there.
        """
        if not self._may(request, view):
            return False
        if scoping.limit_of(request.user) is not None:
            _must_be_theirs(request.user, view)
        return True

    def _may(self, request: Request, view: Any) -> bool:
        reading = request.method in SAFE_METHODS
        scopes = getattr(request.auth, "scopes", None)
        if scopes is not None:
            return self._key_may(scopes, view, request.method or "", reading)
        user = request.user
        if not user.is_authenticated:
            return reading and settings.DEBUG
        permission = needed(view, request.method or "")
        self.message = f"You lack the permission {permission}."
        return user.is_staff and user.has_perm(permission)

    def _key_may(self, scopes: list[str], view: Any, method: str, reading: bool) -> bool:
        usual = "read" if reading else "write"
        named = getattr(view, "scopes", {}).get("GET" if reading else method, usual)
        any_of = (named,) if isinstance(named, str) else named
        self.message = f"This API key lacks the scope {' or '.join(any_of)}."
        return not {*any_of}.isdisjoint(scopes)


def _must_be_theirs(user: Any, view: Any) -> None:
    """Raise Http404 where a view is of what they do not see, or its address names such."""
    model = view.model
    if scoping.rule_of(model) is scoping.nobody:
        raise Http404
    if getattr(view, "is_silent", False):
        return
    if not scoping.may_name(user, view.kwargs, model=model):
        raise Http404


def needed(view: Any, method: str) -> str:
    """The permission people need for a method of ``view``."""
    own: str | None = getattr(view, "permissions", {}).get(method)
    if own is not None:
        return own
    options = view.model._meta
    return f"{options.app_label}.{_VERBS.get(method, 'view')}_{options.model_name}"
