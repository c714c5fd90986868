"""How a card's number is shown: in groups for reading, in full only to whom may see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cms.shared import audit, display
from rfid.models import masked

_GROUP = 4
_OF_CARD = "card "
PERMISSION = "rfid.view_number"
# What numbers of cards are called on the wire and in our rows; parentIdTag may be one as well.
_NAMED = r"(?:parent_?|stop_?)?id_?tag|tag_?id"
_IS_NUMBER = re.compile(_NAMED, re.IGNORECASE)
_IN_TEXT = re.compile(
    rf"""((?:{_NAMED})\\?["']?\s*[:=]\s*\\?["']?)([^\s"',;\\}}\]]+)""", re.IGNORECASE
)


def may_see(user: Any) -> bool:
    """Whether ``user`` is shown whole numbers."""
    return bool(user.has_perm(PERMISSION))


def in_full() -> bool:
    """Whether who asks for this page is shown whole numbers; outside of a request nobody is."""
    request = audit.request_now()
    return request is not None and may_see(request.user)


def shown(id_tag: str, *, in_full: bool) -> SafeString:
    """``id_tag`` in groups of four, or its last characters. What one copies has no gaps."""
    if not in_full:
        return format_html('<span class="vd-card-number">{}</span>', masked(id_tag))
    size = _GROUP if id_tag.isalnum() and len(id_tag) > _GROUP else max(len(id_tag), 1)
    parts = [(id_tag[at : at + size],) for at in range(0, len(id_tag), size)]
    groups = format_html_join("", "<i>{}</i>", parts)
    return format_html('<span class="vd-card-number">{}</span>', groups)


def plain(text: str, *, in_full: bool) -> str:
    """``text``, which may be a number, as it is or by its last characters."""
    return text if in_full else masked(text)


def cell(id_tag: str) -> str | SafeString:
    """A number in a list, a page or a sentence, as its reader may see it; a dash for none."""
    return plain(id_tag, in_full=in_full()) if id_tag else display.NOTHING


def veil(value: Any) -> Any:
    """``value`` (decoded JSON, or a text) with the numbers it names as its reader may see them."""
    return value if in_full() else _veiled(value)


def _veiled(value: Any) -> Any:
    if isinstance(value, str):
        return _IN_TEXT.sub(lambda found: found[1] + masked(found[2]), value)
    if isinstance(value, list | tuple):
        return [_veiled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_key(name): _by_name(name)(item) for name, item in value.items()}


def _key(name: Any) -> Any:
    """``card 04AABBCC``, of which a settled case says what became."""
    is_card = isinstance(name, str) and name.startswith(_OF_CARD)
    return f"{_OF_CARD}{masked(name.removeprefix(_OF_CARD))}" if is_card else name


def _by_name(name: object) -> Callable[[Any], Any]:
    return _ends if isinstance(name, str) and _IS_NUMBER.fullmatch(name) else _veiled


def _ends(value: Any) -> Any:
    """What a name says is a number, or several, as before and after a change."""
    if isinstance(value, list | tuple):
        return [_ends(item) for item in value]
    return masked(value) if isinstance(value, str) and value not in ("", "None") else value


display.veils.append(veil)
