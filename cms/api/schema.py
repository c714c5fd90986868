"""What the documentation says of every view: how one authenticates, and how it refuses."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

_LINK = {
    "schema": {"type": "string"},
    "description": 'The next page, where there is one: `<address>; rel="next"`',
}
_TAGS = {
    **{"admin": "remote control", "rfid": "cards", "auth": "authentication"},
    **{"me": "drivers", "users": "people"},
}


class ErrorSerializer(serializers.Serializer[Any]):
    """How every refusal looks."""

    code = serializers.CharField(help_text="For programs")
    error = serializers.CharField(help_text="For people")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong with which member of the request",
    )


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """API keys, in either header."""

    target_class = "cms.accounts.authentication.ApiKeyAuthentication"
    name = ["apiKey", "xApiKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Either of them will do."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """How each is sent."""
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Api-Key <key>`, made by `manage.py create_api_key`",
            },
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`<key>`"},
        ]


class TokenScheme(SimpleJWTScheme):
    """Tokens, as drf-spectacular says it of the class ours is made of."""

    target_class = "cms.accounts.authentication.TokenAuthentication"


class Schema(AutoSchema):
    """Completes what drf-spectacular finds out by itself."""

    def get_tags(self) -> list[str]:
        """The noun of the path, in words people use."""
        tags = super().get_tags()
        return [_TAGS.get(tag, tag) for tag in tags]

    def get_auth(self) -> list[dict[str, Any]]:
        """What opens a view; keys nothing that is somebody's own."""
        found: list[dict[str, Any]] = super().get_auth()
        if not getattr(self.view, "is_own", False):
            return found
        return [each for each in found if not {*ApiKeyScheme.name} & {*each}]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        found = super()._get_response_bodies(direction)
        form = getattr(self.view, "refusal_serializer", ErrorSerializer)
        for code, why in self._refusals().items():
            if code not in found:
                answer = self._get_response_for_code(form, code, ["application/json"])
                found[code] = {**answer, "description": why}
        if self._is_list_view() and self._get_paginator():
            found["200"].setdefault("headers", {})["Link"] = _LINK
        return dict(sorted(found.items()))

    def _refusals(self) -> dict[str, str]:
        """Status codes that may come back instead, and why."""
        why = {"401": "No valid key or token was presented"}
        if self.view.get_authenticators():
            why["403"] = "The key lacks the scope, or the user the permission"
        if "{" in self.path and not getattr(self.view, "is_silent", False):
            why["404"] = "There is no such thing"
        if self.method != "GET" or self._is_list_view():
            why["400"] = "Something about the request is wrong; `fields` says what"
        if self.method != "GET" and "403" in why:
            why["409"] = "It contradicts what is: a station that is offline, a duplicate, ..."
        why |= getattr(self.view, "refusals", {})
        if getattr(self.view, "throttle_scope", None):
            why["429"] = "Too often; Retry-After says when to come back"
        return why | getattr(self.view, "refusals", {})
