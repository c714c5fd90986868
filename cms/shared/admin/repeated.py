"""What Unfold makes anew for every row of a list, though it is the same in all: made once.

On a page of fifty rows that was a good part of the time (tests/benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property, wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold import admin
from unfold.templatetags import unfold_list

_VALUE = "the-number-of-the-row"
_NUMBER = 7_203_685_477_580_321_987  # stands for the number of a row where that makes an address
Headers = Callable[[Any], Iterable[Any]]


def box(pk: object) -> SafeString:
    """The box by which the row numbered ``pk`` is chosen for an action."""
    made = _box(get_language()).replace(_VALUE, escape(str(pk)))
    return mark_safe(made)  # noqa: S308 - a widget made it, and the number is escaped


@cache
def _box(language: str | None) -> str:
    """With its label in ``language``, the active one."""
    return str(admin.checkbox.render(ACTION_CHECKBOX_NAME, _VALUE))


class RowActions(list[Any]):
    """What one may do with a row of a list. That depends on who asks, not on the row."""

    @cached_property
    def menus(self) -> Menus:
        """Their menus, by the number of the row."""
        context = {"actions": self, "instance_pk": _NUMBER}
        return Menus(render_to_string("unfold/helpers/row_menu.html", context))


class Menus(dict[int, SafeString]):
    """Made from one of them, which is all of them but for the number of its row."""

    def __init__(self, menu: str) -> None:
        super().__init__()
        self.menu = menu

    def __missing__(self, pk: int) -> SafeString:
        made = self.menu.replace(str(_NUMBER), str(int(pk)))
        return mark_safe(made)  # noqa: S308 - a template made it, and the number is one


def headers_once() -> None:
    """Keep the headers of a list for all of its rows, which show them as labels on a phone."""
    if not hasattr(unfold_list.result_headers, "__wrapped__"):
        unfold_list.result_headers = _kept(unfold_list.result_headers)


def _kept(make: Headers) -> Headers:
    @wraps(make)
    def headers(changes: Any) -> Iterable[Any]:
        if not hasattr(changes, "headers_of_all_rows"):
            changes.headers_of_all_rows = list(make(changes))
        kept: Iterable[Any] = changes.headers_of_all_rows
        return kept

    return headers
