"""Reservations of a day: a lane for each connector, and the same as a list; live."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display
from rfid.admin import numbers
from stations.admin import words
from stations.models import Reservation
from stations.models.reservations import HOLDING

_MOST = 300  # reservations of one day
_LONGEST = timedelta(days=7)  # as the dialog lets one ask for


class Day(NamedTuple):
    """A day in the time zone of who looks."""

    first: datetime
    last: datetime  # the first moment of the next one

    @property
    def hours(self) -> float:
        """How long it is: 23 or 25 where the clocks change."""
        return (self.last - self.first).total_seconds() / 3600

    def at(self, moment: datetime) -> float:
        """Where in it ``moment`` is, as a percentage; what lies outside is at its end."""
        share = (moment - self.first) / (self.last - self.first)
        return round(min(max(share, 0.0), 1.0) * 100, 2)


def page(request: HttpRequest, rows: QuerySet[Reservation], may_cancel: bool) -> dict[str, Any]:
    """What the page of the day that is asked for shows (``?day=2026-11-21``), of ``rows``."""
    asked = _asked(request.GET.get("day", ""))
    day, url = _day(asked), reverse("admin:stations_reservation_day")
    found = list(_of(rows, day)[: _MOST + 1])
    return {
        "day": asked.isoformat(),
        "name": date_format(asked, "DATE_FORMAT"),
        "weekday": date_format(asked, "l"),
        "before_url": f"{url}?day={asked - timedelta(days=1)}",
        "after_url": f"{url}?day={asked + timedelta(days=1)}",
        "today_url": url,
        "live_url": f"{url}?day={asked}",
        "is_today": asked == timezone.localdate(),
        "now": f"left:{day.at(timezone.now())}%",
        "ticks": [(hour, _place(day, asked, hour)) for hour in range(0, 24, 3)],
        "lanes": _lanes(found[:_MOST], day),
        "rows": [_row(row, may_cancel) for row in found[:_MOST]],
        "has_more": len(found) > _MOST,
    }


def _asked(text: str) -> date:
    """The day of the address; today where it says none, or nonsense."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return asked if 2000 <= asked.year < 2200 else timezone.localdate()


def _day(asked: date) -> Day:
    return Day(*(_midnight(asked + timedelta(days=later)) for later in (0, 1)))


def _midnight(day: date) -> datetime:
    # In UTC: two times of one zone are subtracted as if the clocks never changed
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _of(rows: QuerySet[Reservation], day: Day) -> QuerySet[Reservation]:
    """Those that keep, or kept, a connector at some time of the day."""
    asked = rows.filter(requested_at__lt=day.last, requested_at__gte=day.first - _LONGEST)
    kept = Q(ended_at__gt=day.first) | Q(ended_at=None, expires_at__gt=day.first)
    related = asked.filter(kept).select_related("station", "connector", "requested_by")
    return related.order_by("requested_at", "pk")


def _lanes(rows: list[Reservation], day: Day) -> list[dict[str, Any]]:
    """Connectors that are kept on that day, each with its reservations as bars."""
    lanes: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        key = (row.station.cp_id, row.connector.connector_id)
        lanes.setdefault(key, []).append(_bar(row, day))
    return [
        {"name": f"{cp_id} / {number or _('any')}", "bars": bars}
        for (cp_id, number), bars in sorted(lanes.items())
    ]


def _bar(row: Reservation, day: Day) -> dict[str, Any]:
    ends = row.ended_at or row.expires_at
    left, right = day.at(row.requested_at), day.at(ends)
    return {
        "url": display.page(row),
        "tone": words.reservation_tone(row),
        # CSS needs a point, whatever the reader's language writes
        "style": f"left:{left}%;width:{max(right - left, 0.5):.2f}%",
        "tag": numbers.cell(row.id_tag),
        "title": f"{numbers.cell(row.id_tag)}, {_span(row)}: {row.get_status_display()}",
    }


def _place(day: Day, asked: date, hour: int) -> str:
    """Where an hour of the clock is, as CSS."""
    moment = timezone.make_aware(datetime.combine(asked, time(hour)))
    return f"left:{day.at(moment)}%"


def _span(row: Reservation) -> str:
    ends = row.ended_at or row.expires_at
    return f"{_clock(row.requested_at)}–{_clock(ends)}"


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _row(row: Reservation, may_cancel: bool) -> dict[str, Any]:
    holds = row.status in HOLDING
    return {
        "link": display.link(row, f"#{row.pk}"),
        "state": words.reservation(row),
        "station": display.link(row.station),
        "connector": row.connector.connector_id or _("any"),
        "tag": numbers.cell(row.id_tag),
        "span": _span(row),
        "until": _until(row),
        "by": row.requested_by or display.NOTHING,
        "cancel_url": reverse("admin:stations_reservation_cancel", args=[row.pk])
        if holds and may_cancel
        else "",
    }


def _until(row: Reservation) -> SafeString:
    return display.ago(row.ended_at or row.expires_at)
