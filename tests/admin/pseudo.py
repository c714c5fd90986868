"""A language of brackets: what is marked for translation stands in them, what is not stays bare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

from django.utils import translation
from django.utils.translation import trans_real

_TRANS = translation._trans  # type: ignore[attr-defined]
OPEN, CLOSE = "⟦", "⟧"
_SILENT = ("script", "style", "pre", "code", "template")
_SPOKEN = ("title", "placeholder", "aria-label", "alt")
_EMPTY = ("br", "hr", "img", "input", "link", "meta", "wbr", "source", "col", "area", "embed")


def bracketed(text: str) -> str:
    """A text as this language says it."""
    return f"{OPEN}{text}{CLOSE}" if text.strip() else text


@contextmanager
def spoken() -> Iterator[None]:
    """Every text that is marked for translation is said in brackets."""

    def one(text: str) -> str:
        return bracketed(str(text))

    def many(singular: str, plural: str, number: Any) -> str:
        return bracketed(singular if number == 1 else plural)

    with (
        patch.object(_TRANS, "gettext", one, create=True),
        patch.object(_TRANS, "ngettext", many, create=True),
        patch.object(_TRANS, "pgettext", lambda context, text: one(text), create=True),
        patch.object(_TRANS, "npgettext", lambda context, *texts: many(*texts), create=True),
        patch.object(trans_real, "gettext", one),
    ):
        yield


class Reader(HTMLParser):
    """What people see of a page, and what is read out to them: ``texts``."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []  # element, whether it is silent

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes that are read out; what is in scripts, code and icons says nothing."""
        given = {name: value or "" for name, value in attrs}
        silent = tag in _SILENT or "material-symbols" in given.get("class", "")
        if not (silent or self._is_silent()):
            self.texts += [given[name] for name in _SPOKEN if name in given]
            if tag == "input" and given.get("type") in ("submit", "button"):
                self.texts.append(given.get("value", ""))
        if tag not in _EMPTY:
            self._open.append((tag, silent or "data-data" in given))

    def handle_endtag(self, tag: str) -> None:
        """Elements nobody closed end with the one around them."""
        if tag in [name for name, _ in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """The text itself."""
        if not self._is_silent():
            self.texts.append(data)

    def _is_silent(self) -> bool:
        return any(silent for _, silent in self._open)


def bare(html: str) -> set[str]:
    """The texts of a page, or parts of them, that no translation is asked for."""
    reader = Reader()
    reader.feed(html)
    rests = (re.sub(r"\s+", " ", _outside(text)).strip() for text in reader.texts)
    return {rest for rest in rests if re.search(r"[^\W\d_]{2}", rest)}


def _outside(text: str) -> str:
    kept, depth = [], 0
    for character in text:
        depth += (character == OPEN) - (character == CLOSE)
        if not depth and character != CLOSE:
            kept.append(character)
    return "".join(kept)
