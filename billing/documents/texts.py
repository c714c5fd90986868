"""Texts as our fonts can show them."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSansCondensed.ttf", FONTS / "DejaVuSansCondensed-Bold.ttf"
MISSING = "\N{WHITE SQUARE}"
_UNSEEN = ("Mn", "Me", "Cf")  # marks, joiners, directions: without their letters they are nothing


def printable(text: str) -> str:
    """``text`` with a square for each character the fonts lack; lines stay lines.

    Accents become one with their letters; joiners, marks and directions that have no glyph go.
    """
    composed = unicodedata.normalize("NFC", text)
    return "".join(character if character in "\n" else _shown(character) for character in composed)


def one_line(text: str) -> str:
    """``text`` as ``printable``, on one line."""
    return " ".join(printable(text).split())


def _shown(character: str) -> str:
    if ord(character) in _characters():
        return character
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    return " " if category in ("Cc", "Zs", "Zl", "Zp") else MISSING


@cache
def _characters() -> frozenset[int]:
    """What both fonts have."""
    with TTFont(REGULAR, lazy=True) as regular, TTFont(BOLD, lazy=True) as bold:
        return frozenset(regular.getBestCmap()) & frozenset(bold.getBestCmap())
