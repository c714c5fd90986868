"""What a report is about: a time, and which bills of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import SessionBill

# By what bills may be grouped and chosen: the field that tells them apart, and its name.
# By what counted when they were billed: a station that moves takes no old bill along.
GROUPS = {
    "site": ("site", "site__name"),
    "owner": ("wallet", "wallet__name"),
    "station": ("session__station", "session__station__cp_id"),
    "driver": ("driver", "driver__username"),
    "card_group": ("card_group", "card_group__name"),
    "tariff": ("version__tariff", "version__tariff__name"),
}


class Scope(NamedTuple):
    """Bills made from ``since`` until (not including) ``until``; times are shown in ``zone``.

    ``only`` chooses among them: numbers by the names of GROUPS. ``currency``: empty means each.
    ``sites``: those the asker is limited to; None: to none. What is the whole company's, such as
    its books and what it is owed, is left out then.
    """

    since: datetime
    until: datetime
    zone: str = "UTC"
    only: tuple[tuple[str, int], ...] = ()
    currency: str = ""
    sites: tuple[int, ...] | None = None

    def bills(self) -> QuerySet[SessionBill]:
        """The rows, in no order; the index on ``billed_at`` finds them."""
        chosen: dict[str, Any] = {GROUPS[name][0]: number for name, number in self.only}
        within = SessionBill.objects.filter(billed_at__gte=self.since, billed_at__lt=self.until)
        if self.currency:
            chosen["currency"] = self.currency
        if self.sites is not None:
            within = within.filter(site__in=self.sites)
        return within.filter(**chosen).order_by()

    def days(self) -> tuple[date, date]:
        """The first and the last day of which there is a part in it, by the clocks of ``zone``."""
        clock = ZoneInfo(self.zone)
        last = self.until - timedelta(microseconds=1)
        return self.since.astimezone(clock).date(), last.astimezone(clock).date()


def of_days(first: date, last: date, zone: str = "UTC", **only: int) -> Scope:
    """From midnight of ``first`` to midnight after ``last``, by the clocks of ``zone``.

    Raises ValueError where ``last`` is before ``first``, or there is no such zone.
    """
    if last < first:
        raise ValueError("the last day is before the first")
    clock = zone_named(zone)
    since, until = midnight(first, clock), midnight(last + timedelta(days=1), clock)
    return Scope(since, until, zone, tuple(sorted(only.items())))


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name. Raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError):
        raise ValueError(f"there is no time zone {name[:50]!r}") from None


def midnight(day: date, clock: ZoneInfo) -> datetime:
    """When ``day`` begins by these clocks, in UTC."""
    return datetime.combine(day, time(), clock).astimezone(UTC)
