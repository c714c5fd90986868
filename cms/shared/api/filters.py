"""Filters of lists: camelCase in the query, and strict about names as well as values."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db import models
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from cms.shared import clock
from cms.shared.api.names import camel


class Filters(django_filters.FilterSet):
    """A filter set in camelCase. A parameter nobody knows is a 400: a misspelt filter that is

    passed over would give the caller everything. ``start_after`` is read as ``startAfter``.
    """

    also: ClassVar[frozenset[str]] = frozenset({"limit", "cursor"})  # read by others than filters

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_camel_cased(data) if data else data, *args, **kwargs)

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        """The filters by the names they have in a URL."""
        return {camel(name): filter_ for name, filter_ in super().get_filters().items()}

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """``queryset`` narrowed. Raises ValidationError (400) for an unknown parameter."""
        known = self.also | self.filters.keys()
        unknown = [name for name in self.data if name not in known]
        if unknown:
            hint = f"is not known here; known are {', '.join(sorted(known))}"
            raise ValidationError({name: [hint] for name in unknown})
        narrowed: models.QuerySet[Any] = super().filter_queryset(queryset)
        return narrowed


class _MomentField(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return clock.parse(value)
        except ValueError:
            raise forms.ValidationError("should be a time such as 2026-01-31T18:00:00Z") from None


class Moment(django_filters.IsoDateTimeFilter):
    """A moment in any of the spellings the system reads; without a zone it is UTC."""

    field_class = _MomentField


@extend_schema_field(bool)
class YesNo(django_filters.TypedChoiceFilter):
    """``true`` or ``false``; anything else is a 400 (the stock filter reads it as "either")."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda value: value == "true", **kwargs)


def _camel_cased(data: QueryDict) -> QueryDict:
    renamed = QueryDict(mutable=True)
    for name, values in data.lists():
        renamed.setlist(camel(name), values)
    return renamed
