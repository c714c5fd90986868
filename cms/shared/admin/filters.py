"""Filters of the admin's lists: by a choice, a related row, a word, a number, or how long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    TextFilter,
)

from cms.shared import clock

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_FILTER_TEMPLATE = "admin/filter_field.html"


class ChoiceFilter(ChoicesDropdownFilter):
    """By a field's fixed choices."""

    template = _FILTER_TEMPLATE


class RelatedFilter(AutocompleteSelectFilter):
    """By a related row, found by typing."""

    template = _FILTER_TEMPLATE


class FixedFilter(DropdownFilter):
    """By one of a fixed list of ``options``, stored in the field ``parameter_name``."""

    template = _FILTER_TEMPLATE
    options: tuple[tuple[str, StrOrPromise], ...] = ()

    def lookups(
        self, request: HttpRequest, model_admin: Any
    ) -> tuple[tuple[str, StrOrPromise], ...]:
        """The options as they are."""
        return self.options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows whose field has the chosen value."""
        value = self.value()
        return queryset.filter(**{self.parameter_name: value}) if value else queryset


class WordFilter(TextFilter):
    """By a typed word; ``matching`` says what it finds."""

    template = _FILTER_TEMPLATE
    matching: Callable[..., QuerySet[Any]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows that match the word."""
        word = (self.value() or "").strip()
        return type(self).matching(queryset, word) if word else queryset


class NumberFilter(WordFilter):
    """By a whole number in the field ``parameter_name``."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows with that number; none for what is no number."""
        word = (self.value() or "").strip()
        if not word:
            return queryset
        if not word.isascii() or not word.isdigit() or len(word) > 18:
            return queryset.none()
        return queryset.filter(**{self.parameter_name: int(word)})


class TimeFilter(DropdownFilter):
    """By how long ago: ``since`` narrows the rows, ``default`` is the range nobody chose."""

    title = lazy("time")
    parameter_name = "range"
    template = _FILTER_TEMPLATE
    all_option = None
    default = "all"
    ranges = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
    since: Callable[[QuerySet[Any], datetime], QuerySet[Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The ranges in words."""
        return [
            ("24h", _("Last 24 hours")),
            ("7d", _("Last 7 days")),
            ("30d", _("Last 30 days")),
            ("all", _("All")),
        ]

    def value(self) -> str:
        """The chosen range, or the default."""
        chosen = super().value()
        return chosen if chosen in {*self.ranges, "all"} else self.default

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of the range."""
        length = self.ranges.get(self.value())
        return type(self).since(queryset, clock.now() - length) if length else queryset
