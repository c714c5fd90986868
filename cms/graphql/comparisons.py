"""Filters as nestjs-query writes them: ``{meterStart: {gt: 0}, or: [{...}, {...}]}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import strawberry
from django.db.models import Q
from strawberry import UNSET

from cms.graphql.problems import wrong

Columns = Mapping[str, tuple[str, str]]
DEEPEST = 5  # filters in filters
_MOST_VALUES, _MOST_CONDITIONS = 100, 50
_LARGEST = 2**53  # what a Float still counts one by one, and every database knows
_NULL = {"is_": True, "is_not": False}
_LOOKUPS = {"eq": "exact", "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte", "in_": "in"}
_NEGATED = {"neq": "exact", "not_in": "in"}
_SPELT = {"in_": "in", "not_in": "notIn", "is_": "is", "is_not": "isNot"}


@strawberry.input
class NumberFieldComparisonBetween:
    """Both included."""

    lower: float
    upper: float


@strawberry.input
class NumberFieldComparison:
    """Compares a number; all that is said must hold."""

    is_: bool | None = strawberry.field(name="is", default=UNSET, description="null: no value")
    is_not: bool | None = strawberry.field(default=UNSET, description="null: some value")
    eq: float | None = None
    neq: float | None = None
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None
    in_: list[float] | None = strawberry.field(name="in", default=None)
    not_in: list[float] | None = None
    between: NumberFieldComparisonBetween | None = None


@strawberry.input
class DateFieldComparisonBetween:
    """Both included."""

    lower: datetime
    upper: datetime


@strawberry.input
class DateFieldComparison:
    """Compares a moment; all that is said must hold."""

    is_: bool | None = strawberry.field(name="is", default=UNSET, description="null: no value")
    is_not: bool | None = strawberry.field(default=UNSET, description="null: some value")
    eq: datetime | None = None
    neq: datetime | None = None
    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None
    between: DateFieldComparisonBetween | None = None


@strawberry.input
class StringFieldComparison:
    """Compares a text; all that is said must hold."""

    eq: str | None = None
    neq: str | None = None
    in_: list[str] | None = strawberry.field(name="in", default=None)
    not_in: list[str] | None = None


@strawberry.input
class IdFilterComparison:
    """Names one row."""

    eq: strawberry.ID


def condition(filter_: Any, columns: Columns, *, field: str = "filter") -> Q:
    """What a filter says of ``columns``: attributes of it, their names, the columns they mean.

    Raises ValidationError that names the field.
    """
    return _Reader(columns).read(filter_, field, 0)


class _Reader:
    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._left = _MOST_CONDITIONS

    def read(self, filter_: Any, field: str, depth: int) -> Q:
        if depth > DEEPEST:
            raise wrong(field, "is nested too deeply")
        where = Q()
        for attribute, (name, column) in self._columns.items():
            compared = getattr(filter_, attribute)
            for one in _conditions(compared, column, f"{field}.{name}") if compared else ():
                self._left -= 1
                where &= one
        for one in filter_.and_ or []:
            where &= self._inner(one, field, depth)
        if filter_.or_:
            either = Q()
            for one in filter_.or_:
                either |= self._inner(one, field, depth)
            where &= either
        if self._left < 0:
            raise wrong(field, f"{_MOST_CONDITIONS} at most")
        return where

    def _inner(self, one: Any, field: str, depth: int) -> Q:
        self._left -= 1
        if self._left < 0:
            raise wrong(field, f"{_MOST_CONDITIONS} at most")
        return self.read(one, field, depth + 1)


def _conditions(compared: Any, column: str, field: str) -> Iterator[Q]:
    for name, value in vars(compared).items():
        where = f"{field}.{_SPELT.get(name, name)}"
        if name in _NULL:
            if value is not UNSET:
                yield _null(value, column, name, where)
        elif value is not None:
            yield _condition(value, column, name, where)


def _null(value: Any, column: str, name: str, field: str) -> Q:
    if value is not None:
        raise wrong(field, "should be null")
    return Q(**{f"{column}__isnull": _NULL[name]})


def _condition(value: Any, column: str, name: str, field: str) -> Q:
    if name == "between":
        lower, upper = _checked(value.lower, field), _checked(value.upper, field)
        return Q(**{f"{column}__gte": lower, f"{column}__lte": upper})
    if name in _NEGATED:
        return ~Q(**{f"{column}__{_NEGATED[name]}": _checked(value, field)})
    return Q(**{f"{column}__{_LOOKUPS[name]}": _checked(value, field)})


def _checked(value: Any, field: str) -> Any:
    """A value a database can compare with."""
    if isinstance(value, list):
        if len(value) > _MOST_VALUES:
            raise wrong(field, f"{_MOST_VALUES} at most")
        return [_checked(one, field) for one in value]
    if isinstance(value, float) and not abs(value) <= _LARGEST:
        raise wrong(field, "is too large")
    if isinstance(value, datetime):
        return _moment(value, field)
    if isinstance(value, str) and "\0" in value:
        raise wrong(field, "should be one line of text")
    return value


def _moment(value: datetime, field: str) -> datetime:
    """In UTC, as which one without a zone counts."""
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise wrong(field, "should be a moment of this era") from None
