"""What a report was asked for: parameters as people and programs write them, checked and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings

from billing.reports import periods
from billing.reports.scope import GROUPS, Scope, midnight, of_days, zone_named
from cms.shared import clock, money, scoping
from cms.shared.api.names import camel
from cms.shared.errors import DomainError, Text
from cms.shared.scoping import Limit

LONGEST = timedelta(days=367)
CUSTOM = "custom"
GROUP_NAMES = {camel(name): name for name in GROUPS}
# By which parameter one of them is chosen: the group, and whose number it is.
ONLY = {
    "siteId": ("site", "stations.Site"),
    "ownerId": ("owner", "billing.Account"),
    "stationId": ("station", "stations.ChargingStation"),
    "driverId": ("driver", settings.AUTH_USER_MODEL),
    "cardGroupId": ("card_group", "rfid.CardGroup"),
    "tariffId": ("tariff", "billing.Tariff"),
}
_NOT_THERE = {
    "siteId": Text("should be the number of a site there is"),
    "ownerId": Text("should be the number of an owner's wallet there is"),
    "stationId": Text("should be the number of a station there is"),
    "driverId": Text("should be the number of a driver there is"),
    "cardGroupId": Text("should be the number of a card group there is"),
    "tariffId": Text("should be the number of a tariff there is"),
}
SORTS = ("name", "sessions", "energy", "net", "tax", "gross")
DEFAULT_LIMIT, MOST = 100, 1000
NAMES = ("period", "since", "until", "zone", "groupBy", "sort", "limit", "currency", *ONLY)


class Asked(NamedTuple):
    """The scope, how it is grouped and sorted, and how it was said.

    ``chosen``: what ``scope.only`` names, by its parameter. ``limit``: groups shown by name.
    """

    scope: Scope
    by: str
    sort: str
    limit: int
    chosen: dict[str, str]
    said: dict[str, str]

    @property
    def group(self) -> str:
        """What it is grouped by, as the parameter says it."""
        return camel(self.by)


def read(said: Mapping[str, str], *, at: datetime, within: Limit | None = None) -> Asked:
    """What the parameters (NAMES; empty ones count for nothing) ask for at the moment ``at``.

    ``within``: the sites the asker is limited to. Raises DomainError that names each wrong
    parameter and what was expected.
    """
    given = {name: said[name].strip() for name in NAMES if said.get(name, "").strip()}
    reading = _Reading(given)
    zone = reading.read(
        "zone", settings.TIME_ZONE, zone_named, Text("should be a time zone such as Europe/Berlin")
    )
    scope = _scope(reading, zone or ZoneInfo("UTC"), at)
    by = reading.read("groupBy", "site", GROUP_NAMES.__getitem__, _one_of(GROUP_NAMES))
    sort = reading.read(
        "sort",
        "name",
        _sort,
        Text("should be one of %(known)s, with - in front for downwards", known=", ".join(SORTS)),
    )
    limit = reading.read(
        "limit",
        str(DEFAULT_LIMIT),
        _limit,
        Text("should be a whole number from 1 to %(most)s", most=MOST),
    )
    currency = reading.read(
        "currency", "", _currency, Text("should be an ISO 4217 code such as EUR")
    )
    chosen = {name: reading.read(name, "", _named(name, within), _NOT_THERE[name]) for name in ONLY}
    if reading.wrong:
        raise DomainError.of_fields(reading.wrong)
    found = {name: row for name, row in chosen.items() if row is not None}
    only = tuple(sorted((ONLY[name][0], number) for name, (number, _) in found.items()))
    names = {name: text for name, (_, text) in found.items()}
    sites = tuple(sorted(within.site_ids)) if within else None
    scope = scope._replace(only=only, currency=currency, sites=sites)
    return Asked(scope, by, sort, limit, names, given)


class _Reading:
    """The parameters, and what is wrong with them."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given, self.wrong = given, dict[str, list[Text]]()

    def read(self, name: str, default: str, parse: Callable[[str], Any], expected: Text) -> Any:
        """The value of one; None where it is wrong."""
        try:
            return parse(self.given.get(name, default))
        except (ValueError, KeyError, OverflowError):
            return self.refuse(name, expected)

    def refuse(self, name: str, why: Text) -> None:
        """One is wrong."""
        self.wrong[name] = [why]


def _scope(reading: _Reading, zone: ZoneInfo, at: datetime) -> Scope:
    """The time; the current month where none is named."""
    nothing, period = Scope(at, at, zone.key), reading.given.get("period", "")
    bounds = [name for name in ("since", "until") if name in reading.given]
    if bounds and period in ("", CUSTOM):
        return _between(reading, zone, at) or nothing
    if bounds:
        reading.refuse(
            bounds[0], Text("cannot be given with the period %(period)s", period=period[:20])
        )
        return nothing
    today = at.astimezone(zone).date()
    known = _one_of((*periods.NAMES, CUSTOM))
    days = reading.read("period", "thisMonth", lambda name: periods.days(name, today), known)
    if days is None:
        return nothing
    first, last = days
    return of_days(first, last, zone.key)


def _between(reading: _Reading, zone: ZoneInfo, at: datetime) -> Scope | None:
    """From ``since`` (needed) until ``until``: a day as a whole, a moment not included."""
    expected = Text("should be a day such as 2026-01-31, or a time such as 2026-01-31T18:00:00Z")
    since = reading.read("since", "", lambda text: _begin(text, zone), expected)
    until = reading.read("until", clock.text(at), lambda text: _end(text, zone), expected)
    if since is None or until is None:
        return None
    if until <= since:
        reading.refuse("until", Text("should be after since"))
    elif until - since > LONGEST:
        reading.refuse(
            "until", Text("should be at most %(most)s days after since", most=LONGEST.days - 1)
        )
    return Scope(since, until, zone.key)


def _begin(text: str, zone: ZoneInfo) -> datetime:
    day = _day(text)
    return clock.parse(text, zone=zone) if day is None else midnight(day, zone)


def _end(text: str, zone: ZoneInfo) -> datetime:
    day = _day(text)
    return clock.parse(text, zone=zone) if day is None else midnight(day + timedelta(days=1), zone)


def _day(text: str) -> date | None:
    """A day of a year that zones and databases can tell; None for what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not 1970 <= day.year <= 9998:
        raise ValueError(text)
    return day


def _sort(text: str) -> str:
    if text.removeprefix("-") not in SORTS:
        raise ValueError(text)
    return text


def _limit(text: str) -> int:
    number = _whole(text)
    if not 1 <= number <= MOST:
        raise ValueError(text)
    return number


def _currency(text: str) -> str:
    if text:
        money.decimals(text)
    return text


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


def _named(parameter: str, within: Limit | None) -> Callable[[str], tuple[int, str] | None]:
    """Reads a number as the number and the name of a row that is there."""

    def row(text: str) -> tuple[int, str] | None:
        if not text:
            return None
        rows = scoping.within(within, apps.get_model(ONLY[parameter][1]).objects.all())
        found = rows.filter(pk=_whole(text)).first()
        if found is None:
            raise ValueError(text)
        return found.pk, str(found)

    return row


def _one_of(words: Any) -> Text:
    return Text("should be one of %(known)s", known=", ".join(words))
