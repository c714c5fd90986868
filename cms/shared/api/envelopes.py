"""Refusals in the words of a prior system: ``{"success": false, "error": "..."}``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.response import Response


class Refusal(serializers.Serializer[Any]):
    """How that family of paths refuses."""

    success = serializers.BooleanField(default=False)
    error = serializers.CharField()


class Enveloped:
    """A view (first among its bases) whose refusals have that form.

    ``missing``: what a 404 says, whatever was missing. ``keeps``: further members that stay.
    """

    refusal_serializer: type[serializers.Serializer[Any]] = Refusal
    missing = ""
    keeps: tuple[str, ...] = ()

    def get_exception_handler(self) -> Callable[..., Any]:
        """The usual one, its answer put into the envelope."""
        usual = super().get_exception_handler()  # type: ignore[misc]

        def handle(error: Exception, context: dict[str, Any]) -> Response | None:
            response: Response | None = usual(error, context)
            if response is not None:
                response.data = self.refused(response.status_code, response.data)
            return response

        return handle

    def refused(self, status: int, said: dict[str, Any]) -> dict[str, Any]:
        """What is ``said`` in our own form, in that of the envelope."""
        why = self.missing if status == 404 and self.missing else said["error"]
        kept = {name: said[name] for name in self.keeps if name in said}
        return {"success": False, "error": why, **kept}
