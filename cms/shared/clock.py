"""Times on the wire: lenient in, strict out. Only interfaces call ``now``."""

from __future__ import annotations

import re
import zoneinfo
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

from django.utils import timezone as django_timezone

now = django_timezone.now
_TEXT = re.compile(
    r"^(\d{4})-(\d\d?)-(\d\d?)[Tt ](\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d)?)?$"
)
_USUAL = (20, 24)  # YYYY-MM-DDTHH:MM:SSZ, with or without milliseconds
_MARGIN = timedelta(days=2)
_EARLIEST = datetime.min.replace(tzinfo=UTC) + _MARGIN
_LATEST = datetime.max.replace(tzinfo=UTC) - _MARGIN


def parse(text: str, *, zone: tzinfo = UTC, z_is_local: bool = False) -> datetime:
    """The moment ``text`` names, in UTC. Raises ValueError where it names none.

    Takes what stations really send: no zone (then ``zone``, the station's own), ``+02``, a space
    for the ``T``, any number of fraction digits. ``z_is_local``: the sender writes its local time
    and a Z behind it. Years at the ends of the calendar are clamped by two days, so that no later
    arithmetic or conversion to another zone overflows.
    """
    if is_usual(text) and not z_is_local:
        # What nearly all send; ten times as fast.
        with suppress(ValueError):
            return min(max(datetime.fromisoformat(text), _EARLIEST), _LATEST)
    match = _TEXT.match(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text[:40]!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micro = int((match[7] or "0")[:6].ljust(6, "0"))
    second = 59 if second == 60 else second  # a leap second; no Python time has one
    moment = datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001
    try:
        moment = moment.replace(tzinfo=_zone(match, zone, z_is_local)).astimezone(UTC)
    except OverflowError:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment, _EARLIEST), _LATEST)


def is_usual(text: str) -> bool:
    """Whether ``text`` has the length and the end of what nearly all send."""
    return text[-1:] == "Z" and len(text) in _USUAL


def text(moment: datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SSZ``: the one form every station reads (some refuse microseconds)."""
    # Not strftime: it writes years before 1000 with fewer than four digits.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones, in order. Python reads hundreds of files to find them."""
    return tuple(sorted(zoneinfo.available_timezones()))


def _zone(match: re.Match[str], default: tzinfo, z_is_local: bool) -> tzinfo:
    if match[8]:
        return default if z_is_local else UTC
    if not match[9]:
        return default
    offset = timedelta(hours=int(match[10]), minutes=int(match[11] or 0))
    return timezone(offset if match[9] == "+" else -offset)
