"""The list of stations: its tabs, its columns, and what of it renews itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy

from cms.shared import display
from cms.shared.admin import FixedFilter, LazySection
from cms.shared.dialogs import leads
from stations import by_now
from stations.admin import words
from stations.admin.actions import may_serve
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    ConnectorStatus,
    SecurityProfile,
)

COLUMNS = ("station", "state", "site", "pips", "speaks", "profile", "version", "last_message")
ROW_MENU = ["remote_start", "remote_stop", "reset", "open_log"]
_LIVE = ("state", "pips", "speaks", "profile", "version", "last_message")
_MOST_ROWS = 200
_FAULTED = Exists(Connector.objects.filter(station=OuterRef("pk"), status=ConnectorStatus.FAULTED))
_TABS: dict[str, Q] = {
    "": Q(),
    "online": Q(online=True),
    "offline": Q(online=False),
    "faulted": Q(is_faulted=True),
    "pending": Q(registration="Pending"),
}
_NAMES = {
    "": pgettext_lazy("stations", "All"),
    "online": pgettext_lazy("stations", "Online"),
    "offline": pgettext_lazy("stations", "Offline"),
    "faulted": pgettext_lazy("stations", "Faulted"),
    "pending": pgettext_lazy("stations", "Pending"),
}


class TabFilter(FixedFilter):
    """By the tab above the table; the form of the filters only keeps it."""

    title = gettext_lazy("tab")
    parameter_name = "tab"
    template = "admin/stations/station_tab_kept.html"
    options = tuple((name, str(name)) for name in _TABS if name)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The stations of the tab; all of them for one that there is not."""
        wanted = _TABS.get(self.value() or "", Q())
        return queryset.alias(is_faulted=_FAULTED).filter(wanted) if wanted else queryset


class ConnectorSection(LazySection):
    """A station's connectors, with what goes on there."""

    view = "admin:stations_chargingstation_connectors"


def with_connectors(rows: Iterable[ChargingStation]) -> list[ChargingStation]:
    """``rows`` with their connectors, by one query for all of them."""
    found = list(rows)
    connectors = Connector.objects.order_by("connector_id")
    prefetch_related_objects(found, Prefetch("connectors", connectors))
    return found


def urls(model_admin: Any) -> list[Any]:
    """The parts that pages fetch."""

    def view(perform: Any) -> Any:
        def wrapped(request: HttpRequest, **named: Any) -> HttpResponse:
            response: HttpResponse = perform(model_admin, request, **named)
            return response

        return model_admin.admin_site.admin_view(wrapped)

    name = "stations_chargingstation"
    return [
        path("rows/", view(_rows), name=f"{name}_rows"),
        path("<int:pk>/connectors/", view(_connectors), name=f"{name}_connectors"),
    ]


def around(request: HttpRequest, changes: Any) -> dict[str, Any]:
    """What stands above the table ``changes`` (a change list): its tabs, and what renews itself."""
    numbers = [row.pk for row in changes.result_list][:_MOST_ROWS]
    here = changes.get_query_string({}, ["ids"]).lstrip("?")
    ids = f"ids={','.join(map(str, numbers))}"
    rows_url = reverse("admin:stations_chargingstation_rows")
    return {
        "tabs": _tabs(request, changes),
        "shows": " ".join(f"station:{number}" for number in numbers),
        "rows_url": f"{rows_url}?{'&'.join(filter(None, [here, ids]))}",
    }


def _tabs(request: HttpRequest, changes: Any) -> list[dict[str, Any]]:
    """The tabs with how many stations each has, under the search and the other filters."""
    kept = changes.get_queryset(request, exclude_parameters=[TabFilter.parameter_name])
    counted = {f"in_{name}": Count("pk", filter=wanted) for name, wanted in _TABS.items()}
    numbers = kept.order_by().annotate(is_faulted=_FAULTED).aggregate(**counted)
    chosen = request.GET.get(TabFilter.parameter_name, "")
    return [
        {
            "name": name or "all",
            "label": label,
            "count": numbers[f"in_{name}"],
            "url": changes.get_query_string({TabFilter.parameter_name: name or None}),
            "is_chosen": name == (chosen if chosen in _TABS else ""),
        }
        for name, label in _NAMES.items()
    ]


def _rows(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """What may have changed of the rows a page shows, and how many there are behind each tab."""
    model_admin.may_look(request)
    query = request.GET.copy()
    asked = "".join(query.pop("ids", [])).split(",")
    request.GET = query  # type: ignore[assignment]
    numbers = [int(one) for one in asked if one.isdigit() and len(one) < 10][:_MOST_ROWS]
    found = with_connectors(model_admin.get_queryset(request).filter(pk__in=numbers))
    cells = [getattr(model_admin, name)(row) for row in found for name in _LIVE]
    context = {"cells": cells, "tabs": _tabs(request, model_admin.get_changelist_instance(request))}
    return render(request, "admin/stations/station_rows.html", context)


def _connectors(model_admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """An expanded row: the station's outlets, who charges there, and what can be done."""
    (station,) = with_connectors([model_admin.found(request, str(pk))])
    may_see = request.user.has_perm("stations.view_chargingsession")
    active = station.sessions.filter(status="Active") if may_see else ChargingSession.objects.none()
    sessions = {row.connector_id: row for row in by_now.first(active, 100)}
    context = {
        "station": station,
        "outlets": [
            _outlet(station, row, sessions.get(row.pk))
            for row in station.connectors.all()
            if row.connector_id
        ],
        "may_serve": may_serve(request) and station.online,
        "page_url": display.page(station),
    }
    return render(request, "admin/stations/station_connectors.html", context)


def _outlet(
    station: ChargingStation, row: Connector, session: ChargingSession | None
) -> dict[str, Any]:
    query = urlencode({"connector": row.connector_id})

    def dialog(name: str) -> str:
        return f"{reverse(f'admin:stations_chargingstation_{name}', args=[station.pk])}?{query}"

    return {
        "number": row.connector_id,
        "status": words.connector(row),
        "error": "" if row.error_code in ("", "NoError") else row.error_code,
        "since": display.ago(row.status_at),
        "kind": row.connector_type,
        "session": display.link(session) if session else "",
        "energy": display.kwh(session.energy_wh) if session else "",
        "power": display.kw(session.power_w) if session else "",
        "length": words.session_length(session) if session else "",
        "start_url": dialog("remote_start"),
        "stop_url": dialog("remote_stop"),
    }


def has_log_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may read what stations and we said. For the list of stations, as the next ones."""
    return request.user.has_perm("ocpp_gateway.view_ocppmessage")


@leads(title=gettext_lazy("Open log"), permission="log", icon="list_alt")
def open_log(self: Any, request: HttpRequest, station: ChargingStation) -> str:
    """The station's messages."""
    query = urlencode({"station__id__exact": station.pk})
    return f"{reverse('admin:ocpp_gateway_ocppmessage_changelist')}?{query}"


def _cell(row: ChargingStation, name: str, shown: object) -> SafeString:
    """A cell that renews itself, found by its id."""
    return format_html('<span id="vd-live-{}-{}">{}</span>', name, row.pk, shown)


@admin.display(description=gettext_lazy("Station"), ordering="cp_id")
def station(self: Any, row: ChargingStation) -> SafeString:
    """Identity, and what it is."""
    kind = " ".join(filter(None, [row.vendor, row.model])) or row.name
    return format_html(
        '<span class="vd-two"><strong>{}</strong><small>{}</small></span>', row.cp_id, kind
    )


@admin.display(description=gettext_lazy("State"), ordering="online")
def state(self: Any, row: ChargingStation) -> SafeString:
    """Whether it is there, and whether it is served where that is not so."""
    if row.registration == "Accepted":
        return _cell(row, "state", words.online(row))
    both = format_html("{} {}", words.online(row), words.registration(row))
    return _cell(row, "state", both)


@admin.display(description=gettext_lazy("Connectors"))
def pips(self: Any, row: ChargingStation) -> SafeString:
    """Every outlet with its status."""
    return _cell(row, "pips", words.pips(list(row.connectors.all())))


@admin.display(description=gettext_lazy("Protocol"), ordering="protocol")
def speaks(self: Any, row: ChargingStation) -> SafeString:
    """The version of OCPP it speaks."""
    shown = row.protocol.replace("ocpp", "OCPP ") if row.protocol else display.NOTHING
    return _cell(row, "speaks", shown)


@admin.display(description=gettext_lazy("Security"), ordering="connected_profile")
def profile(self: Any, row: ChargingStation) -> SafeString:
    """The security profile it connected with last; one it is told to change to, beside."""
    if row.connected_profile is None:
        return _cell(row, "profile", display.NOTHING)
    number, _colon, meaning = row.get_connected_profile_display().partition(": ")
    tone = "amber" if row.connected_profile == SecurityProfile.NONE else "grey"
    hidden = format_html('<span class="vd-hidden">: {}</span>', meaning)
    return _cell(row, "profile", format_html("{}{}", display.pill(number, tone, meaning), hidden))


@admin.display(description=gettext_lazy("Firmware"), ordering="firmware_version")
def version(self: Any, row: ChargingStation) -> SafeString:
    """As the station reports it."""
    return _cell(row, "version", row.firmware_version or display.NOTHING)


@admin.display(description=gettext_lazy("Last message"), ordering="last_seen_at")
def last_message(self: Any, row: ChargingStation) -> SafeString:
    """How long ago it said anything; when exactly, with the zone, on hover."""
    return _cell(row, "last_message", display.ago(row.last_seen_at))
