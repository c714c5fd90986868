"""How the admin shows values: times, energies, states, links and payloads, as safe HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

NOTHING = format_html('<span class="vd-nothing">{}</span>', "–")
MASK = "••••••"
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SECRETS = ("authorizationkey", "basicauthpassword", "password")
veils: list[Callable[[Any], Any]] = []  # what apps above hide of it from who reads the page
_SECRET_TEXT = re.compile("|".join(_SECRETS), re.IGNORECASE)


def span(length: timedelta) -> str:
    """A length of time in its two largest units, such as ``1 h 05 min``."""
    seconds = max(0, int(length.total_seconds()))
    for (size, unit), (smaller, smaller_unit) in pairwise(_UNITS):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest:02} {smaller_unit}" if rest else "")
    return f"{seconds} s"


def ago(moment: datetime | None) -> SafeString:
    """When ``moment`` was, in the largest unit; the exact time with its zone on hover."""
    if moment is None:
        return NOTHING
    seconds = int((timezone.now() - moment).total_seconds())
    size, unit = next((step for step in _UNITS if abs(seconds) >= step[0]), (1, "s"))
    number = abs(seconds) // size
    length = {"length": f"{number} {unit}"}
    words = _("in %(length)s") % length if seconds < 0 else _("%(length)s ago") % length
    return _time(moment, words if number else _("now"), exact(moment))


def when(moment: datetime | None) -> SafeString:
    """The exact time, with how long ago that was on hover."""
    if moment is None:
        return NOTHING
    return _time(moment, exact(moment), span(abs(timezone.now() - moment)))


def exact(moment: datetime) -> str:
    """``2026-11-21 14:05:09 CET``: ISO date, 24 hours, seconds and the zone."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S %Z")


def _time(moment: datetime, words: str, title: str) -> SafeString:
    return format_html(
        '<time class="vd-time" datetime="{}" title="{}">{}</time>', moment.isoformat(), title, words
    )


def pill(text: str, tone: str = "grey", title: str = "") -> SafeString:
    """A coloured word; ``tone`` is green, blue, amber, red, violet or grey."""
    return format_html(
        '<span class="vd-pill vd-{}" title="{}">{}</span>', tone, title or text, text
    )


def dot(text: str, tone: str = "grey", title: str = "") -> SafeString:
    """A coloured dot and its word: colour is never the only sign."""
    return format_html(
        '<span class="vd-dot vd-{}" title="{}"><i></i>{}</span>', tone, title or text, text
    )


def kwh(energy_wh: int | None) -> SafeString:
    """Energy in kWh, three decimals."""
    return NOTHING if energy_wh is None else number(energy_wh / 1000, "kWh", 3)


def kw(power_w: float | None) -> SafeString:
    """Power in kW, one decimal."""
    return NOTHING if power_w is None else number(power_w / 1000, "kW")


def number(value: float | None, unit: str, decimals: int = 1) -> SafeString:
    """A number with its unit as the reader's language writes it, or a dash."""
    if value is None:
        return NOTHING
    return format_html('<span class="vd-number">{} {}</span>', figure(value, decimals), unit)


def figure(value: float | Decimal, decimals: int) -> str:
    """A number as the reader's language writes it: ``1,234.5``, ``1.234,5``, ``1 234,5``."""
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    return number_format(exact, decimal_pos=decimals, force_grouping=True)


def page(obj: Model) -> str:
    """The address of the admin page of ``obj``."""
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return reverse(name, args=[quote(obj.pk)])


def link(obj: Model | None, text: object = "") -> SafeString:
    """A link to the admin page of ``obj``; only its text where it has none."""
    if obj is None:
        return NOTHING
    try:
        return format_html('<a class="vd-link" href="{}">{}</a>', page(obj), text or obj)
    except NoReverseMatch:
        return format_html("{}", text or obj)


def plain(text: object) -> SafeString:
    """A text as it is, safe in a page."""
    return format_html("{}", text)


def masked(value: Any) -> Any:
    """``value`` (decoded JSON) with what keys and passwords hold replaced by dots."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden = is_secret(value.get("key"))  # {"key": "AuthorizationKey", "value": ...}
    return {
        name: MASK if is_secret(name) or (hidden and name == "value") else masked(item)
        for name, item in value.items()
    }


def is_secret(name: object) -> bool:
    """Whether ``name`` is that of a key or password."""
    return isinstance(name, str) and name.lower() in _SECRETS


def veiled(value: Any) -> Any:
    """``value`` (decoded JSON, or a text) as its reader may see it, secrets masked."""
    found = masked(value)
    for veil in veils:
        found = veil(found)
    return found


def payload(value: Any) -> SafeString:
    """Decoded JSON as people read it, secrets masked."""
    if value is None:
        return NOTHING
    text = json.dumps(veiled(value), indent=2, ensure_ascii=False)
    return format_html('<pre class="vd-json" tabindex="0">{}</pre>', text)


def frame(text: str) -> SafeString:
    """A text from the wire: as JSON where it is that, else as it came; secrets masked."""
    if not text:
        return NOTHING
    try:
        return payload(json.loads(text))
    except (ValueError, RecursionError):
        return format_html('<pre class="vd-json" tabindex="0">{}</pre>', unread(text))


def unread(text: str) -> str:
    """A text from the wire that is no JSON, as it came; not where it names a secret."""
    if _SECRET_TEXT.search(text):
        return _("(not JSON, and it names a secret: not shown)")
    return str(veiled(text))
