"""What a report is about: a time, and which bills of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import SessionBill

# By what bills may be grouped and chosen: the field that tells them apart, and its name.
# Where a station stands and who holds a card is what counts now; totals never depend on it.
GROUPS = {
    "site": ("session__station__site", "session__station__site__name"),
    "owner": ("wallet", "wallet__name"),
    "station": ("session__station", "session__station__cp_id"),
    "driver": ("session__card__user", "session__card__user__username"),
    "card_group": ("session__card__group", "session__card__group__name"),
    "tariff": ("version__tariff", "version__tariff__name"),
}


class Scope(NamedTuple):
    """Bills made from ``since`` until (not including) ``until``; times are shown in ``zone``.

    ``only`` chooses among them: numbers by the names of GROUPS.
    """

    since: datetime
    until: datetime
    zone: str = "UTC"
    only: tuple[tuple[str, int], ...] = ()

    def bills(self) -> QuerySet[SessionBill]:
        """The rows, in no order; the index on ``billed_at`` finds them."""
        chosen: dict[str, Any] = {GROUPS[name][0]: number for name, number in self.only}
        within = SessionBill.objects.filter(billed_at__gte=self.since, billed_at__lt=self.until)
        return within.filter(**chosen).order_by()


def of_days(first: date, last: date, zone: str = "UTC", **only: int) -> Scope:
    """From midnight of ``first`` to midnight after ``last``, by the clocks of ``zone``.

    Raises ValueError where ``last`` is before ``first``, or there is no such zone.
    """
    if last < first:
        raise ValueError("the last day is before the first")
    try:
        clock = ZoneInfo(zone)
    except (OSError, KeyError, ValueError):
        raise ValueError(f"there is no time zone {zone[:50]!r}") from None
    day_after = date.fromordinal(last.toordinal() + 1)
    since, until = (
        datetime.combine(day, time(), clock).astimezone(UTC) for day in (first, day_after)
    )
    return Scope(since, until, zone, tuple(sorted(only.items())))
