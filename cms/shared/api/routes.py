"""Routes of the API: with and without a trailing slash, and safe about what stands in a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, register_converter
from django.urls.resolvers import RoutePattern


class _Segment:
    """One part of a path. Control characters name nothing (and PostgreSQL refuses NUL)."""

    regex = r"[^/\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


class _Tag(_Segment):
    """An id tag, which may hold a slash."""

    regex = r"[^\x00-\x1f\x7f]+"


class _Number(_Segment):
    """A whole number of a size every database knows."""

    regex = "[0-9]{1,18}"


class _OptionalSlash(RoutePattern):
    def match(self, path: str) -> Any:
        return super().match(path.removesuffix("/"))


for _converter in (_Segment, _Tag, _Number):
    register_converter(_converter, _converter.__name__.strip("_").lower())


def route(pattern: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """Like Django's ``path``, for ``pattern`` written without its trailing slash.

    Converters of ours: ``segment``, ``tag`` (may hold slashes) and ``number``.
    """
    return URLPattern(_OptionalSlash(pattern, name=name, is_endpoint=True), view, None, name)
