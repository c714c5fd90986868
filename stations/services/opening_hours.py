"""Opening hours of a site: checked, asked whether they are open, told as OCPI 2.2.1 Hours.

Kept as people say them, in the site's own time, so that summer time changes nothing:
``{"always": false, "week": {"1": [["08:00", "18:00"]]}, "exceptions": [{"date": "2026-12-24",
"opens": false, "begins": "14:00", "ends": "24:00"}]}``; weekdays are 1 (Monday) to 7. None: nobody
said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from cms.shared.errors import DomainError

Hours = dict[str, Any]
Span = tuple[str, str]
DAYS = ("1", "2", "3", "4", "5", "6", "7")
MOST_SPANS, MOST_EXCEPTIONS = 8, 100
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_MIDNIGHT = "24:00"
WHOLE_DAY = ("00:00", _MIDNIGHT)
_LAST_MINUTE = "23:59"  # OCPI knows no 24:00


def checked(hours: Hours | None) -> Hours | None:
    """``hours`` in order. Raises DomainError with ``week.1`` or ``exceptions.0`` as the field."""
    if hours is None:
        return None
    week = hours.get("week") or {}
    if unknown := set(week) - set(DAYS):
        raise DomainError.of_field(f"week.{min(unknown)}", "is no weekday from 1 to 7")
    exceptions = [_exception(at, item) for at, item in enumerate(hours.get("exceptions") or [])]
    if len(exceptions) > MOST_EXCEPTIONS:
        raise DomainError.of_field("exceptions", "%(most)d at most", most=MOST_EXCEPTIONS)
    _check_days(exceptions)
    spans = {day: _spans(f"week.{day}", week.get(day) or []) for day in DAYS}
    return {
        "always": bool(hours.get("always")),
        "week": {day: found for day, found in spans.items() if found},
        "exceptions": sorted(exceptions, key=lambda item: (item["date"], item["begins"])),
    }


def is_open(hours: Hours | None, moment: datetime) -> bool | None:
    """Whether a site is open at ``moment``, in the site's own time; None: nobody said."""
    if hours is None:
        return None
    clock = f"{moment:%H:%M}"
    for exception in hours["exceptions"]:
        if exception["date"] == f"{moment:%Y-%m-%d}" and _is_in(clock, exception):
            return bool(exception["opens"])
    spans = hours["week"].get(str(moment.isoweekday()), [])
    return hours["always"] or any(begins <= clock < ends for begins, ends in spans)


def as_ocpi(hours: Hours | None, zone: tzinfo) -> dict[str, Any] | None:
    """OCPI 2.2.1 Hours (mod_locations_hours_class); exceptions in UTC, as it wants them."""
    if hours is None:
        return None
    regular = [
        {
            "weekday": int(day),
            "period_begin": begins,
            "period_end": _LAST_MINUTE if ends == _MIDNIGHT else ends,
        }
        for day in DAYS
        for begins, ends in hours["week"].get(day, [])
    ]
    return {
        "twentyfourseven": hours["always"],
        "regular_hours": [] if hours["always"] else regular,
        "exceptional_openings": _moments(hours, zone, opens=True),
        "exceptional_closings": _moments(hours, zone, opens=False),
    }


def _moments(hours: Hours, zone: tzinfo, *, opens: bool) -> list[dict[str, datetime]]:
    return [
        {
            "period_begin": _moment(item["date"], item["begins"], zone),
            "period_end": _moment(item["date"], item["ends"], zone),
        }
        for item in hours["exceptions"]
        if item["opens"] == opens
    ]


def _moment(day: str, clock: str, zone: tzinfo) -> datetime:
    found = date.fromisoformat(day)
    if clock == _MIDNIGHT:
        found, clock = found + timedelta(days=1), "00:00"
    return datetime.combine(found, time.fromisoformat(clock), zone).astimezone(UTC)


def _is_in(clock: str, item: Hours) -> bool:
    return bool(item["begins"] <= clock < item["ends"])


def _spans(field: str, given: Any) -> list[Span]:
    if not isinstance(given, list) or len(given) > MOST_SPANS:
        raise DomainError.of_field(field, "%(most)d times from and until at most", most=MOST_SPANS)
    spans = sorted(_span(field, item) for item in given)
    for (begins, ends), (following, its_end) in pairwise(spans):
        if following < ends:
            both = {"one": f"{begins}-{ends}", "other": f"{following}-{its_end}"}
            raise DomainError.of_field(field, "%(one)s and %(other)s overlap", **both)
    return spans


def _span(field: str, given: Any) -> Span:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise DomainError.of_field(
            field, "a time from and a time until are needed, such as 08:00-18:00"
        )
    begins, ends = given
    for clock in given:
        if not isinstance(clock, str) or not _TIME.fullmatch(clock):
            raise DomainError.of_field(
                field, "“%(text)s” is no time; one would be 08:30", text=clock
            )
    if begins >= ends:
        raise DomainError.of_field(
            field,
            "%(span)s ends before it begins; a night belongs to two days",
            span=f"{begins}-{ends}",
        )
    return begins, ends


def _exception(at: int, given: Any) -> Hours:
    field = f"exceptions.{at}"
    if not isinstance(given, dict):
        raise DomainError.of_field(field, "a date with times is needed")
    try:
        day = date.fromisoformat(given.get("date") or "")
    except (TypeError, ValueError):
        raise DomainError.of_field(
            field, "“%(text)s” is no date; one would be 2026-12-24", text=given.get("date") or ""
        ) from None
    begins, ends = _span(
        field,
        [
            given.get(name) or least
            for name, least in zip(("begins", "ends"), WHOLE_DAY, strict=True)
        ],
    )
    return {
        "date": day.isoformat(),
        "opens": bool(given.get("opens")),
        "begins": begins,
        "ends": ends,
    }


def _check_days(exceptions: list[Hours]) -> None:
    """No two exceptions say something of the same minute."""
    numbered = sorted(enumerate(exceptions), key=lambda item: (item[1]["date"], item[1]["begins"]))
    for (_at, one), (at, two) in pairwise(numbered):
        if one["date"] == two["date"] and two["begins"] < one["ends"]:
            raise DomainError.of_field(f"exceptions.{at}", "overlaps another one of that day")
