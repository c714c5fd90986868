"""The parts of the home page, each fetched anew by itself: ``now``, ``charts``, ``ticker``."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from billing.admin import revenue
from cms.admin import may
from cms.home import cards, drawing
from cms.shared import scoping
from rfid.admin import numbers
from stations.admin import attention, happenings
from stations.models import ChargingSession, ChargingStation, Command
from stations.overview import Figures, figures

_DAYS_SHOWN = timedelta(hours=47)  # of a day and the one before
_QUEUE_ROWS = 12


class Look:
    """One person who looks at one moment: what they may see, and the figures, asked for once."""

    def __init__(self, request: HttpRequest, at: datetime) -> None:
        self.request, self.at = request, at
        self.today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        self.hour = at.replace(minute=0, second=0, microsecond=0)
        self.may_stations = may(request, ChargingStation)
        self.may_sessions = may(request, ChargingSession)

    def seen(self, rows: Any) -> Any:
        """Those of ``rows`` that are of sites this person works for."""
        return scoping.visible(self.request.user, rows)

    @cached_property
    def figures(self) -> Figures:
        """What the stations do and did."""
        return figures(
            at=self.at,
            today=self.today,
            since=min(self.today, self.hour - _DAYS_SHOWN),
            seen=self.seen,
        )

    @cached_property
    def queue(self) -> list[attention.Row] | None:
        """What needs somebody, the snoozed rows among it; None for who may see nothing of it."""
        return attention.rows(self.request, self.at)


def now(look: Look) -> dict[str, Any]:
    """The cards and the work queue."""
    shows_snoozed = look.request.GET.get("snoozed") == "1"
    waiting = [row for row in look.queue or () if not row.item.snoozed_until]
    snoozed = [row for row in look.queue or () if row.item.snoozed_until]
    url = reverse("home_part", args=["now"])
    has_queue = look.queue is not None
    return {
        "cards": [
            *(cards.of_stations(look.figures) if look.may_stations else []),
            *(cards.of_sessions(look) if look.may_sessions else []),
            *cards.of_revenue(revenue.of_today(look.request, look.at, look.today)),
            *([cards.of_queue(waiting, look.figures)] if has_queue else []),
        ],
        "has_queue": has_queue,
        "queue": waiting[:_QUEUE_ROWS],
        "queue_more": max(0, len(waiting) - _QUEUE_ROWS),
        "snoozed": snoozed if shows_snoozed else [],
        "snoozed_count": len(snoozed),
        "shows_snoozed": shows_snoozed,
        "may_snooze": look.request.user.has_perm("stations.add_snooze"),
        "now_url": f"{url}?snoozed=1" if shows_snoozed else url,
        "now_url_plain": url,
    }


def charts(look: Look) -> dict[str, Any]:
    """Energy by the hour and the connectors by their status, as tables and for drawing."""
    return {
        "energy": drawing.energy(look.figures, look.hour) if look.may_sessions else None,
        "connectors": drawing.connectors(look.figures) if look.may_stations else None,
        "charts_url": reverse("home_part", args=["charts"]),
    }


def ticker(look: Look) -> dict[str, Any]:
    """The last things that happened, of one kind where the address names it."""
    kinds = happenings.kinds(
        stations=look.may_stations,
        sessions=look.may_sessions,
        commands=may(look.request, Command),
    )
    asked = look.request.GET.get("kind", "")
    chosen = asked if asked in kinds else ""
    url = reverse("home_part", args=["ticker"])
    return {
        "ticker": happenings.latest(
            look.seen,
            [chosen] if chosen else kinds,
            in_full=numbers.may_see(look.request.user),
        )
        if kinds
        else None,
        "ticker_kinds": [
            {"name": word, "url": f"{url}?kind={kind}", "is_chosen": kind == chosen}
            for kind, word in happenings.choices(kinds)
        ],
        "ticker_url": f"{url}?kind={chosen}",
    }


def everything(look: Look) -> dict[str, Any]:
    """All parts."""
    return {**now(look), **charts(look), **ticker(look)}
