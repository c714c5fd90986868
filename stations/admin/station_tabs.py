"""The tabs of a station's page: what stands behind each is fetched when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from stations.admin import details, settings_tab, station_lists, station_panels
from stations.models import ChargingStation

LIVE = "live"
DETAILS = "details"  # with the form
_CHOSEN = "tab"  # in the address


class Tab(NamedTuple):
    """A tab: what it shows, and who may see it (any of these permissions; none: everybody)."""

    name: str
    title: str | Promise
    shown: Callable[[HttpRequest, ChargingStation], dict[str, Any]] = lambda request, station: {}
    permissions: tuple[str, ...] = ()
    is_live: bool = False  # fetched anew when something happens at the station


_TABS = (
    Tab(LIVE, pgettext_lazy("tab", "Live")),
    Tab(
        "sessions",
        gettext_lazy("Sessions"),
        station_lists.sessions,
        ("stations.view_chargingsession",),
        is_live=True,
    ),
    Tab("log", gettext_lazy("OCPP log"), station_lists.log, is_live=True),
    Tab(
        "configuration",
        gettext_lazy("Configuration"),
        settings_tab.shown,
        ("stations.view_configurationkey",),
    ),
    Tab(
        "commands",
        gettext_lazy("Commands"),
        station_lists.commands,
        ("stations.view_command",),
        is_live=True,
    ),
    Tab(DETAILS, gettext_lazy("Details"), details.shown),
    Tab("history", gettext_lazy("History"), station_lists.history),
)


def bar(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """The tabs one may see; the one of the address is chosen, that of the form where it erred."""
    tabs = [tab for tab in _TABS if _may(request, tab)]
    asked = DETAILS if request.method == "POST" else request.GET.get(_CHOSEN, LIVE)
    chosen = asked if asked in {tab.name for tab in tabs} else LIVE
    return {
        "tabs": [
            {
                "name": tab.name,
                "title": tab.title,
                "is_chosen": tab.name == chosen,
                "is_live": tab.is_live,
                "address": "" if tab.name == LIVE else _address(tab, station),
            }
            for tab in tabs
        ],
        "chosen_tab": chosen,
    }


def urls(model_admin: Any) -> list[Any]:
    """Where what stands behind the tabs is fetched."""
    return [
        path(
            f"<int:pk>/tab/{tab.name}/",
            model_admin.admin_site.admin_view(_view(model_admin, tab)),
            name=_url_name(tab),
        )
        for tab in _TABS
        if tab.name != LIVE
    ]


def _view(model_admin: Any, tab: Tab) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        station = model_admin.found(request, str(pk))
        if not _may(request, tab):
            return HttpResponse(status=403)
        shown = {"station": station, **tab.shown(request, station)}
        return render(request, f"admin/stations/tabs/{tab.name}.html", shown)

    return view


def _may(request: HttpRequest, tab: Tab) -> bool:
    if tab.name == "log":
        return station_panels.may_see_log(request)
    may = request.user.has_perm
    return not tab.permissions or any(may(name) for name in tab.permissions)


def _address(tab: Tab, station: ChargingStation) -> str:
    return reverse(f"admin:{_url_name(tab)}", args=[station.pk])


def _url_name(tab: Tab) -> str:
    return f"stations_chargingstation_{tab.name}_tab"
