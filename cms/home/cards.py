"""The cards of the home page: a number, what it was a week ago at this time, and its list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.admin.revenue import Revenue
from cms.admin import list_of
from cms.shared import display, money
from stations import overview
from stations.models import ChargingSession, ChargingStation
from stations.overview import Figures

if TYPE_CHECKING:
    from cms.home.parts import Look
    from stations.admin.attention import Row


def of_stations(figures: Figures) -> list[dict[str, Any]]:
    """How many are there."""
    week = figures.last_week
    return [
        _card(
            "online",
            _("Online"),
            f"{figures.online} / {figures.stations}",
            list_of(ChargingStation, "?online=1"),
            _count(figures.online, week.online if week else None),
        )
    ]


def of_sessions(look: Look) -> list[dict[str, Any]]:
    """Who charges now, and what was charged today."""
    figures, week = look.figures, look.figures.last_week
    energy_wh = figures.energy_wh(look.today, look.hour + overview.HOUR)  # nothing is yet to come
    then_wh = figures.energy_wh(look.today - overview.WEEK, look.at - overview.WEEK)
    active = list_of(ChargingSession, "?status__exact=Active")
    return [
        _card(
            "charging",
            _("Charging now"),
            str(figures.charging),
            active,
            _count(figures.charging, week.charging if week else None),
            display.kw(figures.power_w),
        ),
        _card(
            "energy",
            _("Energy today"),
            display.kwh(energy_wh),
            list_of(ChargingSession, "?range=24h"),
            _share(energy_wh, then_wh),
        ),
    ]


def of_revenue(revenue: Revenue | None) -> list[dict[str, Any]]:
    """What was billed today, in the currency most of it is in; the others are named."""
    if revenue is None:
        return []
    others = ", ".join(_amount(now, currency) for currency, now, _then in revenue.sums[1:])
    currency, now, then = revenue.sums[0] if revenue.sums else ("", Decimal(0), Decimal(0))
    return [
        _card(
            "revenue",
            _("Revenue today"),
            _amount(now, currency),
            f"{reverse('admin:billing_report')}?period=today",
            _share(now, then),
            _("and %(others)s") % {"others": others} if others else "",
        )
    ]


def _amount(value: Decimal, currency: str) -> str:
    """As the reader's language writes it, with as many decimals as the currency has."""
    decimals = money.decimals(currency) if currency else 2
    return f"{display.figure(value, decimals)} {currency}".strip()


def of_queue(waiting: Sequence[Row], figures: Figures) -> dict[str, Any]:
    """How much waits for somebody. Only what stations want is compared: the rest was not noted."""
    week = figures.last_week
    own = sum(1 for row in waiting if row.item.station_id)
    return _card(
        "attention",
        _("Needs attention"),
        str(len(waiting)),
        "#home-queue",
        _count(own, week.attention if week else None),
    )


def _card(
    name: str, title: str, value: str, url: str, compared: tuple[str, str], note: str = ""
) -> dict[str, Any]:
    sign, words = compared
    own = {"name": name, "title": title, "value": value, "url": url, "note": note}
    return {**own, "sign": sign, "compared": words}


def _count(now: int, then: int | None) -> tuple[str, str]:
    """A sign and words: by how many it is more or fewer."""
    if then is None:
        return "", _("nothing to compare yet")
    if now == then:
        return "=", _("the same as last week at this time")
    number = abs(now - then)
    if now > then:
        return "▲", ngettext(
            "%(number)s more than last week at this time",
            "%(number)s more than last week at this time",
            number,
        ) % {"number": number}
    return "▼", ngettext(
        "%(number)s fewer than last week at this time",
        "%(number)s fewer than last week at this time",
        number,
    ) % {"number": number}


def _share(now: Any, then: Any) -> tuple[str, str]:
    """A sign and words: by which part it is more or less."""
    if not then:
        return "", _("nothing to compare yet")
    percent = round(abs(now - then) * 100 / then)
    if not percent:
        return "=", _("the same as last week at this time")
    said = {"percent": percent}
    if now > then:
        return "▲", _("%(percent)s %% more than last week at this time") % said
    return "▼", _("%(percent)s %% less than last week at this time") % said
