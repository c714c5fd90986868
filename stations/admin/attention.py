"""The work queue as people see it: each item with its words and the one button that helps.

Apps above add rules of their own: ``@attention.source``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from cms.shared import display, scoping
from stations import attention
from stations.admin.actions import may_serve
from stations.attention import Item

_STATION = "admin:stations_chargingstation"


class Button(NamedTuple):
    """What helps: a dialog, or a page."""

    text: str
    url: str
    is_dialog: bool = False


class Row(NamedTuple):
    """An item, in words."""

    item: Item
    what: str
    detail: str
    tone: str  # of its dot; the word beside it says the same
    url: str  # of what it is about
    button: Button

    @property
    def since(self) -> Any:
        """How long ago it began."""
        return display.ago(self.item.since)

    @property
    def snoozed_until(self) -> Any:
        """Until when nobody wants to hear of it."""
        return display.ago(self.item.snoozed_until)


Source = Callable[[HttpRequest, datetime], "list[Row] | None"]
_sources: list[Source] = []


def source(rule: Source) -> Source:
    """Have ``rule`` asked for rows: it looks at the rights, and gives None where there are none.

    It shares the page's budget of queries: one.
    """
    _sources.append(rule)
    return rule


def rows(request: HttpRequest, at: datetime) -> list[Row] | None:
    """Everything that needs attention of what somebody may see, oldest first.

    None for who may see nothing that could be among it.
    """
    found = [own for rule in _sources if (own := rule(request, at)) is not None]
    if not found:
        return None
    return sorted((row for own in found for row in own), key=lambda row: row.item.since)


@source
def of_stations(request: HttpRequest, at: datetime) -> list[Row] | None:
    """The stations' own; sessions and cards only to whom may see sessions."""
    may = request.user.has_perm
    if not may("stations.view_chargingstation"):
        return None
    hidden = set() if may("stations.view_chargingsession") else {attention.STUCK, attention.REFUSED}
    items = attention.of_stations(at=at, seen=lambda rows: scoping.visible(request.user, rows))
    return [_WORDS[item.kind](request, item) for item in items if item.kind not in hidden]


def _faulted(request: HttpRequest, item: Item) -> Row:
    code = "" if item.detail in ("", "NoError") else item.detail
    where = _("Connector %(number)s") % {"number": item.connector_id}
    button = _open(_page(item))
    if item.is_connected and request.user.has_perm("stations.add_command"):
        button = Button(_("Reset…"), _action("reset", item), is_dialog=True)
    return _row(item, _("Faulted"), " · ".join(filter(None, [where, code])), "red", button)


def _offline(request: HttpRequest, item: Item) -> Row:
    return _row(item, _("Offline"), _("nothing heard since then"), "red", _open(_page(item)))


def _pending(request: HttpRequest, item: Item) -> Row:
    button = _open(_page(item))
    if request.user.has_perm("stations.change_chargingstation"):
        button = Button(_("Accept…"), _action("accept_station", item), is_dialog=True)
    return _row(item, _("Waits to be let in"), _("it announced itself"), "amber", button)


def _stuck(request: HttpRequest, item: Item) -> Row:
    page = reverse("admin:stations_chargingsession_change", args=[item.subject])
    button = _open(page)
    if item.is_connected and may_serve(request):
        stop = reverse("admin:stations_chargingsession_stop", args=[item.subject])
        button = Button(_("Stop…"), stop, is_dialog=True)
    detail = _("session %(number)s without a meter value") % {"number": item.subject}
    return _row(item, _("Stuck"), detail, "amber", button, page)


def _refused(request: HttpRequest, item: Item) -> Row:
    times = int(item.detail)
    said = ngettext(
        "%(times)s card refused in ten minutes", "%(times)s cards refused in ten minutes", times
    )
    button = _open(_page(item))
    if request.user.has_perm("stations.view_reviewcase"):
        only = urlencode({"station__id__exact": str(item.station_id), "kind__exact": "UnknownCard"})
        button = _open(f"{reverse('admin:stations_reviewcase_changelist')}?{only}")
    return _row(item, _("Cards refused"), said % {"times": times}, "amber", button)


_WORDS: dict[str, Callable[[HttpRequest, Item], Row]] = {
    attention.FAULTED: _faulted,
    attention.OFFLINE: _offline,
    attention.PENDING: _pending,
    attention.STUCK: _stuck,
    attention.REFUSED: _refused,
}


def _row(item: Item, what: str, detail: str, tone: str, button: Button, url: str = "") -> Row:
    return Row(item, what, detail, tone, url or _page(item), button)


def _open(url: str) -> Button:
    return Button(pgettext("button", "Open"), url)


def _page(item: Item) -> str:
    return reverse(f"{_STATION}_change", args=[item.station_id])


def _action(name: str, item: Item) -> str:
    query = f"?connector={item.connector_id}" if item.connector_id else ""
    return reverse(f"{_STATION}_{name}", args=[item.station_id]) + query
