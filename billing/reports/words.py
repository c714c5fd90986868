"""A report in words, as its page, its statement and its workbook say them alike."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext_lazy

from billing.reports.asked import ONLY, Asked
from billing.reports.books import Line
from billing.reports.report import Report
from billing.reports.unfinished import Unfinished
from cms.shared import money

_UNFINISHED = {
    "open": ngettext_lazy("%(n)s session is under way.", "%(n)s sessions are under way.", "n"),
    "in_review": ngettext_lazy(
        "%(n)s session waits in the review queue.", "%(n)s sessions wait in the review queue.", "n"
    ),
    "failed": ngettext_lazy(
        "%(n)s session could not be billed.", "%(n)s sessions could not be billed.", "n"
    ),
    "due": ngettext_lazy(
        "%(n)s session is still to be billed.", "%(n)s sessions are still to be billed.", "n"
    ),
}
_GROUPS = {
    "site": lazy("Site"),
    "owner": lazy("Owner"),
    "station": lazy("Station"),
    "driver": lazy("Driver"),
    "card_group": lazy("Card group"),
    "tariff": lazy("Tariff"),
}


def group(asked: Asked) -> str:
    """What it is grouped by."""
    return named(asked.by)


def named(group_: str) -> str:
    """A group such as ``card_group``."""
    return str(_GROUPS[group_])


def days(asked: Asked) -> str:
    """From when until when: days where they are whole, else moments."""
    scope = asked.scope
    first, last = scope.days()
    zone = ZoneInfo(scope.zone)
    since, until = scope.since.astimezone(zone), scope.until.astimezone(zone)
    if since.time() == until.time() and not (since.hour or since.minute or since.second):
        return (
            _("%(first)s to %(last)s") % {"first": first, "last": last}
            if first != last
            else f"{first}"
        )
    return _("%(since)s to %(until)s") % {
        "since": f"{since:%Y-%m-%d %H:%M:%S}",
        "until": f"{until:%Y-%m-%d %H:%M:%S}",
    }


def about(report: Report) -> Iterator[tuple[str, str]]:
    """What the report is about, as names and values."""
    asked = report.asked
    yield _("Period"), days(asked)
    yield _("Time zone"), asked.scope.zone
    for name, value in asked.chosen.items():
        yield named(ONLY[name][0]), value
    if asked.scope.currency:
        yield _("Currency"), asked.scope.currency
    if report.closed:
        yield _("Closed"), closed(report)


def closed(report: Report) -> str:
    """Whether nothing is added to it any more, by which period, who and under what seal."""
    if not report.closed:
        return ""
    first, last, scope = report.closed[0], report.closed[-1], report.asked.scope
    name = (
        f"{last}"
        if first is last
        else _("Periods %(first)s to %(last)s") % {"first": first.number, "last": last.number}
    )
    day = last.until.astimezone(ZoneInfo(scope.zone))
    until = f" until {day:%Y-%m-%d %H:%M}" if scope.until > last.until else ""
    by = f" by {last.closed_by.get_username()}" if last.closed_by else ""
    return f"{name}: closed{until}{by}, seal {last.hash[:12]}"


def made(report: Report) -> str:
    """When it was made."""
    at = report.made_at.astimezone(ZoneInfo(report.asked.scope.zone))
    return _("Made %(at)s (%(zone)s)") % {
        "at": f"{at:%Y-%m-%d %H:%M:%S}",
        "zone": report.asked.scope.zone,
    }


def unfinished(missing: Unfinished) -> Iterator[str]:
    """What is not done yet, a sentence for each kind."""
    for name, sentence in _UNFINISHED.items():
        if count := getattr(missing, name):
            yield str(sentence % {"n": count})


def compared(line: Line | None) -> dict[str, Any]:
    """Report and ledger side by side for a page; empty where that is not to be seen."""
    if line is None:
        return {}
    totals = ("report_total", "ledger_total", "difference")
    shown = {name: _amount(getattr(line, name), line.currency) for name in totals}
    return {**shown, "agrees": line.agrees}


def reconciled(line: Line) -> str:
    """Whether the report and the ledger agree, on everything billed in the time."""
    currency = line.currency
    report, ledger = (_amount(total, currency) for total in (line.report_total, line.ledger_total))
    if line.agrees:
        return _("Yes: both %(ledger)s %(currency)s") % {"ledger": ledger, "currency": currency}
    more = _amount(line.difference, currency)
    return _("NO: report %(report)s, ledger %(ledger)s, difference %(more)s %(currency)s") % {
        "report": report,
        "ledger": ledger,
        "more": more,
        "currency": currency,
    }


def percent(rate: Decimal) -> str:
    """A rate of VAT."""
    return f"{rate.normalize():f} %"


def _amount(amount: Decimal, currency: str) -> str:
    return f"{money.rounded(amount, currency):,f}"
