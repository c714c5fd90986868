"""Card numbers as people and other systems write them, and the id tag a station would read."""

from __future__ import annotations

import re
import string

from django.utils.translation import gettext as _

from rfid.models import ID_TAG_LENGTH

LEAST_BYTES = 4  # of a card's UID; what is shorter is a number somebody chose
_PREFIX = re.compile(r"^0[xX](?=[0-9A-Fa-f])")
_BETWEEN = re.compile("[:.-]")  # bytes; what stands between other numbers is part of them
_SPREADSHEET = re.compile(r"^\d+(?:[.,]\d+)?[eE]\+\d+$")


def normalised(text: str, *, reverse: bool = False) -> str:
    """``text`` as an id tag: a UID in capitals, without ``0x``, colons and the like.

    ``reverse`` turns its bytes, the last one first. What is no UID stays as it is, less spaces.
    Raises ValueError, in words for people, for what no card can have.
    """
    tag = "".join(text.split()).lstrip("'")  # which spreadsheets put before texts
    if not tag:
        raise ValueError(_("is missing"))
    if _SPREADSHEET.match(tag):
        raise ValueError(_("was made a number by a spreadsheet; format the column as text"))
    parts = _BETWEEN.split(_PREFIX.sub("", tag))
    if _is_uid(parts):
        bare = "".join(parts)
        tag = bytes.fromhex(bare)[::-1].hex().upper() if reverse else bare.upper()
    elif reverse:
        raise ValueError(_("is not made of bytes, whose order could be turned"))
    if len(tag) > ID_TAG_LENGTH:
        said = _("is longer than %(most)d characters, the most a station can read")
        raise ValueError(said % {"most": ID_TAG_LENGTH})
    if not tag.isascii() or not tag.isprintable():
        raise ValueError(_("has characters no station can read"))
    return tag


def _is_uid(parts: list[str]) -> bool:
    """Whether these are whole bytes, enough of them for a card's own number."""
    whole = all(part and len(part) % 2 == 0 for part in parts)
    letters = "".join(parts)
    return (
        whole
        and len(letters) >= 2 * LEAST_BYTES
        and all(letter in string.hexdigits for letter in letters)
    )
