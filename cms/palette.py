"""Ctrl-K: stations, cards, sessions, people, pages and commands ("reset CP-0123") by typing.

Our own view instead of Unfold's: that one keeps what it found for minutes, whatever changed, and in
whatever language. Each kind is asked for once, by an index, for a few rows, and only where one may.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.accounts.models import User
from cms.admin import navigation
from cms.shared import display, scoping
from rfid.admin import numbers
from rfid.models import RfidCard
from stations.admin import menu
from stations.models import ChargingSession, ChargingStation

MOST = 8  # of each kind
_LONGEST = 60
_MAX_ID = 2**31 - 1


class Found(NamedTuple):
    """A line of the list."""

    title: str
    description: str
    link: str
    icon: str


def search(request: HttpRequest) -> HttpResponse:
    """The lines for what was typed so far, as Unfold's dialog shows them."""
    began = time.monotonic()
    text = request.GET.get("s", "").replace("\0", "").strip()[:_LONGEST]
    if not text:
        return HttpResponse()
    found = [*_commands(request, text), *_rows(request, text), *_pages(request, text)]
    context = {
        "results": found,
        "page_obj": {"count": len(found)},
        "page_counter": 0,
        "execution_time": time.monotonic() - began,
    }
    return render(request, "unfold/helpers/command_results.html", context)


def _rows(request: HttpRequest, text: str) -> Iterator[Found]:
    number = _number(text)
    if number is not None and _may(request, ChargingSession):
        rows = _visible(request, ChargingSession).filter(pk=number).select_related("station")
        for row in rows:
            yield Found(f"#{row.pk}", f"{_('Session')} · {row.station}", display.page(row), "bolt")
    if text.startswith("#"):
        return
    for station in _stations(request, text):
        described = " · ".join(each for each in (station.name, station.model) if each)
        yield Found(station.cp_id, described or _("Station"), display.page(station), "ev_station")
    yield from _cards(request, text)
    yield from _people(request, text)


def _stations(request: HttpRequest, text: str) -> list[ChargingStation]:
    if not _may(request, ChargingStation):
        return []
    rows = _visible(request, ChargingStation).filter(cp_id__istartswith=text)
    return list(rows.order_by("cp_id")[:MOST])


def _cards(request: HttpRequest, text: str) -> Iterator[Found]:
    if not _may(request, RfidCard):
        return
    rows = _visible(request, RfidCard)
    in_full = numbers.may_see(request.user)
    for card in _beginning(rows, text) if in_full else rows.with_tag(text):
        number = numbers.plain(card.id_tag, in_full=in_full)
        yield Found(number, card.label or _("RFID card"), display.page(card), "contactless")


def _beginning(rows: Any, text: str) -> Any:
    # The range is found by the index in any collation; the rest only looks at what is in it.
    begin = text.upper()
    rows = rows.alias(folded=Upper("id_tag"))
    rows = rows.filter(folded__gte=Value(begin), folded__lt=Value(begin + "Z" * 20))
    return rows.filter(id_tag__istartswith=text).order_by(F("folded"))[:MOST]


def _people(request: HttpRequest, text: str) -> Iterator[Found]:
    if not _may(request, User):
        return
    names = Q(username__startswith=text) | Q(username__startswith=text.lower())
    for user in _visible(request, User).filter(names).order_by("username")[:MOST]:
        described = user.get_full_name() or _("User")
        yield Found(user.get_username(), described, display.page(user), "person")


def _commands(request: HttpRequest, text: str) -> Iterator[Found]:
    """``reset CP-01``: the dialogs whose title begins so, at the stations that begin so."""
    verb, _space, identity = text.rpartition(" ")
    if not verb or not identity:
        return
    actions = [each for each in _dialogs(request) if each[1].lower().startswith(verb.lower())]
    if not actions:
        return
    for station in _stations(request, identity):
        offered = [each for each in actions if menu.is_offered(station, each[0])]
        for name, title, icon in offered[:MOST]:
            link = _over_its_page(station, name)
            yield Found(f"{title} {station.cp_id}", _("Command"), link, icon)


def _over_its_page(station: ChargingStation, name: str) -> str:
    """The page of ``station``, which opens that dialog (see admin.js)."""
    dialog = reverse(f"admin:stations_chargingstation_{name}", args=[station.pk])
    return f"{display.page(station)}#do={dialog.rstrip('/').rpartition('/')[2]}"


def _dialogs(request: HttpRequest) -> Iterator[tuple[str, str, str]]:
    """Name, title and icon of the dialogs of a station that one may open."""
    model_admin: Any = admin.site._registry[ChargingStation]
    for name in sorted(each for each in dir(type(model_admin)) if not each.startswith("_")):
        action = getattr(type(model_admin), name, None)
        shown = getattr(action, "dialog", None)
        if not shown:
            continue
        needed = getattr(action, "allowed_permissions", ())
        if all(_permitted(model_admin, request, each) for each in needed):
            yield name, str(shown["title"]), getattr(action, "icon", None) or "terminal"


def _permitted(model_admin: Any, request: HttpRequest, permission: str) -> bool:
    if "." in permission:
        return request.user.has_perm(permission)
    return bool(getattr(model_admin, f"has_{permission}_permission")(request))


def _pages(request: HttpRequest, text: str) -> list[Found]:
    """The entries of the menu with that word in them; those one sees."""
    items = [item for group in navigation(request) for item in group["items"]]
    wanted = text.lower()
    found = [item for item in items if wanted in str(item["title"]).lower()]
    return [
        Found(str(item["title"]), _("Page"), str(item["link"]), str(item["icon"]))
        for item in found[:MOST]
    ]


def _may(request: HttpRequest, model: Any) -> bool:
    return bool(admin.site._registry[model].has_view_permission(request))


def _visible(request: HttpRequest, model: Any) -> Any:
    return scoping.visible(request.user, model._default_manager.all())


def _number(text: str) -> int | None:
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        return None
    return int(digits) if int(digits) <= _MAX_ID else None
