"""Pages of long lists: a bare array, and where to go on in a Link header. No COUNT, no OFFSET."""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from typing import Any

import orjson
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import DateTimeField, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from cms.shared import clock, scoping

DEFAULT, MAXIMUM = 100, 1000
_LARGEST = 10**15  # more than any amount that is stored
_WHAT = {
    "limit": ("integer", f"How many at most (default {DEFAULT}, never more than {MAXIMUM})"),
    "cursor": ("string", "Where to go on: part of the address in the Link header"),
}


class LinkedPages(BasePagination):
    """Pages along the view's ``keyset``: one or two columns, the last of them unique.

    All columns run in one direction (``-`` for newest first) and are never null; they may be
    annotations. Unlike an offset this stays right while rows are added, and costs the same on
    every page.
    """

    limit = DEFAULT
    maximum = MAXIMUM  # a view may lower it
    next_cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One page of those of ``queryset`` the caller sees. ``view.is_own``: it is their own.

        Raises ValidationError (400) for a bad limit or cursor.
        """
        if not getattr(view, "is_own", False):
            queryset = scoping.visible(request.user, queryset)
        self.request = request
        self.keyset: tuple[str, ...] = getattr(view, "keyset", ("id",))
        self.limit = _limit(request, self.maximum)
        rows = list(self._from_cursor(queryset.order_by(*self.keyset))[: self.limit + 1])
        if len(rows) > self.limit:
            self.next_cursor = _encode(rows[self.limit - 1], self.keyset)
        return rows[: self.limit]

    def get_paginated_response(self, data: Any) -> Response:
        """The bare array; the address of the next page, where there is one, in a header."""
        if self.next_cursor is None:
            return Response(data)
        here = self.request.build_absolute_uri()
        there = replace_query_param(here, "cursor", self.next_cursor)
        return Response(data, headers={"Link": f'<{there}>; rel="next"'})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The array itself."""
        return schema

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """``limit`` and ``cursor``, for the documentation."""
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": description,
                "schema": {"type": kind},
            }
            for name, (kind, description) in _WHAT.items()
        ]

    def _from_cursor(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        cursor = self.request.query_params.get("cursor")
        if not cursor:
            return queryset
        columns = [name.removeprefix("-") for name in self.keyset]
        values = _decode(cursor, [_field(queryset, column) for column in columns])
        beyond = "lt" if self.keyset[0].startswith("-") else "gt"
        if len(columns) == 1:
            return queryset.filter(**{f"{columns[0]}__{beyond}": values[0]})
        (first, second), (one, two) = columns, values
        # The first condition alone is what an index can be read along.
        return queryset.filter(**{f"{first}__{beyond}e": one}).filter(
            Q(**{f"{first}__{beyond}": one}) | Q(**{f"{second}__{beyond}": two})
        )


def _limit(request: Request, maximum: int) -> int:
    text = request.query_params.get("limit", "")
    if not text:
        return min(DEFAULT, maximum)
    if not (text.isascii() and text.isdigit()) or int(text[:9]) < 1:
        raise ValidationError({"limit": ["should be a whole number from 1 on"]})
    return min(int(text[:9]), maximum)


def _field(queryset: QuerySet[Any], column: str) -> Any:
    """What a column holds: a field of the model, or of an annotation."""
    annotation = queryset.query.annotations.get(column)
    return annotation.output_field if annotation else queryset.model._meta.get_field(column)


def _value(field: Any, value: Any) -> Any:
    if isinstance(field, DateTimeField):
        return clock.parse(str(value))
    found = field.to_python(value)
    if isinstance(found, Decimal) and not (found.is_finite() and abs(found) < _LARGEST):
        raise ValueError(value)
    return found


def _encode(row: Model, keyset: tuple[str, ...]) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in keyset]
    return base64.urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")


def _decode(cursor: str, fields: list[Any]) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if len(values) != len(fields) or None in values or "\x00" in str(values[0]):
            raise ValueError(cursor)
        return [_value(field, value) for field, value in zip(fields, values, strict=True)]
    except (binascii.Error, ValueError, TypeError, KeyError, DjangoValidationError):
        raise ValidationError({"cursor": ["is not one we gave out"]}) from None
