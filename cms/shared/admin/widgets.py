"""Fields of forms that Unfold has not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import UnfoldAdminSelectWidget


class LongSelect(UnfoldAdminSelectWidget):
    """A choice among hundreds of words that are the same in every language.

    Django renders two templates for each of them; here they are one text, made once.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field, with what is chosen."""
        widget = self.get_context(name, value, attrs)["widget"]
        options = _chosen(tuple(self.choices), widget["value"])
        context = {"name": name, "attributes": flatatt(widget["attrs"]), "options": options}
        return render_to_string("admin/long_select.html", context)

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> Any:
        """None: they are one text."""
        return []


def _chosen(choices: tuple[tuple[str, str], ...], values: Sequence[str]) -> SafeString:
    text: str = _options(choices)
    for value in values:
        option = f'<option value="{escape(value)}"'
        text = text.replace(f"{option}>", f"{option} selected>")
    return mark_safe(text)  # noqa: S308 - what is put in is escaped


@lru_cache(maxsize=16)
def _options(choices: tuple[tuple[str, str], ...]) -> SafeString:
    return format_html_join("\n", '<option value="{}">{}</option>', choices)
