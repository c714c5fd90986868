"""The cells of a list: what is the same in all rows is made once, and a row is one text.

Unfold makes it anew for each cell; with fifty rows that was a third of the time of a page
(tests/benchmarks/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, time
from functools import wraps
from types import SimpleNamespace
from typing import Any

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import DateField, Field, ForeignKey, Model, TimeField
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from unfold.templatetags import unfold_list
from unfold.utils import display_for_field, display_for_value

_NUMBER = 7_203_685_477_580_321_987  # stands for the number of a row where that makes an address
_OF_UNFOLD = ("label", "header", "dropdown")  # looks of columns that it has, and ours have not
Cells = Callable[[Any, Any, Any], Iterable[SafeString]]


def made_once() -> None:
    """Let lists make their cells so, from now on."""
    if not hasattr(unfold_list.items_for_result, "__wrapped__"):
        unfold_list.items_for_result = _quick(unfold_list.items_for_result)


def _quick(make: Cells) -> Cells:
    @wraps(make)
    def cells(changes: Any, row: Any, form: Any) -> Iterable[SafeString]:
        if not hasattr(changes, "columns_of_all_rows"):
            changes.columns_of_all_rows = _columns(changes)
        columns = changes.columns_of_all_rows
        if form is not None or columns is None:
            return make(changes, row, form)
        text = "\n".join([column.cell(row) for column in columns])
        return [mark_safe(text)]  # noqa: S308 - each cell is safe

    return cells


def _columns(changes: Any) -> list[Column] | None:
    """What makes the cells of each column; None where Unfold has to."""
    names = changes.list_display
    if changes.is_popup or not all(_is_plain(changes, name) for name in names):
        return None
    columns = [Column(changes, index, name) for index, name in enumerate(names)]
    links = [column for column in columns if column.name in (changes.list_display_links or ())]
    for link in links:
        link.leads(changes, is_first=link is links[0])
    return columns


def _is_plain(changes: Any, name: Any) -> bool:
    """Whether the column is a field, or a method of the admin page without a look of its own."""
    if _field(changes, name) is not None:
        return True
    method = getattr(changes.model_admin, str(name), None)
    is_ours = callable(method) and name != "__str__"
    return is_ours and not any(hasattr(method, look) for look in _OF_UNFOLD)


def _field(changes: Any, name: Any) -> Field[Any, Any] | None:
    try:
        field = changes.lookup_opts.get_field(name)
    except FieldDoesNotExist:
        return None
    is_shown = field.concrete and not field.auto_created and field.name == name
    return field if is_shown else None


class Column:
    """A column of a list, for all of its rows."""

    def __init__(self, changes: Any, index: int, name: str) -> None:
        self.name = name
        self._title = list(unfold_list.result_headers(changes))[index]["text"]
        self._field = _field(changes, name)
        self._method: Any = getattr(changes.model_admin, name, None)
        self._is_boolean = getattr(self._method, "boolean", False)
        empty = changes.model_admin.get_empty_value_display()
        self._empty = getattr(self._method, "empty_value_display", empty)
        self._link: Callable[[Model], str] | None = None
        self._begin("td", self._title if index else _("Select record"))

    def leads(self, changes: Any, *, is_first: bool) -> None:
        """Let its cells lead to the pages of their rows; the first such names the row."""
        self._link = _link(changes)
        self._begin("th" if is_first else "td", self._title)

    def cell(self, row: Model) -> str:
        """The HTML of its cell in this row."""
        value, text = self._shown(row)
        is_time = self._field is None and isinstance(value, date | time)
        start, shown = self._start_of_time if is_time else self._start, conditional_escape(text)
        if self._link is None:
            return f"{start}{shown}{self._end}"
        return f"{start}{self._link(row)}{shown}</a>{self._end}"

    def _begin(self, tag: str, label: Any) -> None:
        classes = [f"field-{self.name}", *unfold_list.ROW_CLASSES]
        if self.name == "action_checkbox":
            classes = unfold_list.CHECKBOX_CLASSES
        if isinstance(self._field, DateField | TimeField | ForeignKey):
            classes = [*classes, "nowrap"]
        start = '<{} class="{}" data-label="{}">'
        self._start = format_html(start, tag, " ".join(classes), label)
        self._start_of_time = format_html(start, tag, " ".join([*classes, "nowrap"]), label)
        self._end = format_html("</{}>", tag)

    def _shown(self, row: Model) -> tuple[Any, Any]:
        """What the column has in this row, and how that is shown: by Unfold's own rules."""
        try:
            value = getattr(row, self.name) if self._field else self._method(row)
        except ObjectDoesNotExist:
            return None, self._empty
        if self._field is None:
            return value, display_for_value(value, self._empty, self._is_boolean)
        if isinstance(self._field, ForeignKey):
            return value, self._empty if value is None else value
        return value, display_for_field(value, self._field, self._empty)


def _link(changes: Any) -> Callable[[Model], str]:
    """What begins the link of a row: its address is that of any other, but for the number."""
    stand_in = SimpleNamespace(**{changes.pk_attname: _NUMBER})
    before, _number, after = escape(_page(changes, stand_in)).partition(str(_NUMBER))
    classes = " ".join(unfold_list.LINK_CLASSES)

    def begin(row: Model) -> str:
        is_number = isinstance(row.pk, int)
        address = f"{before}{row.pk}{after}" if is_number else escape(_page(changes, row))
        return f'<a href="{address}" class="{classes}" >'

    return begin


def _page(changes: Any, row: Any) -> str:
    """The address of the page of ``row``, from which one comes back to the same list."""
    context = {"preserved_filters": changes.preserved_filters, "opts": changes.opts}
    return str(add_preserved_filters(context, changes.url_for_result(row)))
