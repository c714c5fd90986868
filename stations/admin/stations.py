"""Stations: the list, and the page where one sees, asks and gets the answer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cms.shared import display
from cms.shared.admin import ChoiceFilter, FixedFilter, ModelAdmin, RelatedFilter
from stations.admin import (
    board,
    credentials,
    errands,
    firmware,
    installed,
    logs,
    quirks,
    setup,
    words,
)
from stations.admin.actions import MENU, StationActions
from stations.admin.charging import CHARGING_MENU
from stations.admin.sites import time_zone_field
from stations.models import ChargingStation, Connector
from stations.services import stations

_EDITED = (
    *("name", "site", "registration", "security_profile"),
    *("heartbeat_interval_s", "time_zone"),
)
_FILES_MENU = {
    "title": "Firmware and logs",
    "items": ["update_firmware", "get_log"],
}
_SECURITY_MENU = {
    "title": "Security",
    "items": [
        *("rotate_key", "upgrade_profile", "new_key", "remove_key"),
        *("install_certificate", "read_certificates", "extended_trigger"),
    ],
}


class OnlineFilter(FixedFilter):
    """By whether a station is there."""

    title = "online"
    parameter_name = "online"
    options = (("1", "Online"), ("0", "Offline"))


@admin.register(ChargingStation)
class StationAdmin(StationActions, setup.SetupActions, ModelAdmin):
    """What operators change about a station is little; the rest it reports itself."""

    list_display = (
        "station",
        "site",
        "pips",
        "is_online",
        "is_registered",
        "version",
        "last_message",
    )
    list_display_links = ("station",)
    list_select_related = ("site",)
    list_filter = (OnlineFilter, ("registration", ChoiceFilter), ("site", RelatedFilter))
    search_fields = (
        "cp_id__istartswith",
        "name__istartswith",
        "vendor__istartswith",
        "model__istartswith",
        "site__name__istartswith",
    )
    search_help_text = "Identity, name, vendor, model or site begins with …"
    actions = None
    actions_detail = [
        *("remote_start", "remote_stop"),
        *(MENU, CHARGING_MENU, setup.MENU, _FILES_MENU, _SECURITY_MENU),
    ]
    autocomplete_fields = ("site",)
    change_form_outer_before_template = "admin/stations/station_head.html"
    change_form_outer_after_template = "admin/stations/station_tail.html"
    add_fieldsets = ((None, {"fields": ("cp_id", *_EDITED)}),)
    fieldsets = (("Settings", {"fields": _EDITED}),)
    # Dialogs of other nouns: no class has more than three bases
    has_firmware_permission = firmware.has_firmware_permission
    update_firmware = firmware.update_firmware
    has_logs_permission = logs.has_logs_permission
    get_log = logs.get_log
    rotate_key = credentials.rotate_key
    install_certificate = installed.install_certificate
    read_certificates = installed.read_certificates
    extended_trigger = installed.extended_trigger
    upgrade_profile = credentials.upgrade_profile

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChargingStation]:
        """With its connectors, in one query for a whole page."""
        rows: QuerySet[ChargingStation] = super().get_queryset(request)
        return rows.prefetch_related(
            Prefetch("connectors", Connector.objects.order_by("connector_id"))
        )

    def get_urls(self) -> list[Any]:
        """Plus the live part of the page, and suggestions for other dialogs."""
        view = self.admin_site.admin_view
        return [
            path("suggest/", view(self.suggest), name="stations_chargingstation_suggest"),
            path("<int:pk>/live/", view(self.live), name="stations_chargingstation_live"),
            *super().get_urls(),
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Time zones are chosen, not typed."""
        if db_field.name == "time_zone":
            return time_zone_field(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: ChargingStation, form: Any, change: bool
    ) -> None:
        """Add a station, or change what the form changed."""
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            stations.change(station=obj, **changed)
        else:
            made = stations.create(**form.cleaned_data)
            obj.__dict__.update(made.__dict__)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A station that charged stays: its sessions must stay readable."""
        may: bool = super().has_delete_permission(request, obj)
        return may and (obj is None or not obj.sessions.exists())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Only the stations' names: what goes with them can be millions of messages."""
        return [f"{station}, with its message log and commands" for station in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: ChargingStation) -> None:
        """Remove a station that never charged."""
        stations.delete(station=obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form, between what the page shows."""
        station = self.get_object(request, object_id)
        shown = self._shown(request, station) if station else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    def _shown(self, request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
        own = {**board.page(request, station), **setup.panels(request, station)}
        return {**own, **errands.panel(request, station), **quirks.panel(request, station)}

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that renews itself."""
        station = self.found(request, str(pk))
        shown = {**board.live(request, station), **errands.panel(request, station)}
        return render(request, "admin/stations/station_live.html", shown)

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Stations whose identity begins with what was typed, as options."""
        self.may_look(request)
        typed = request.GET.get("q", "").strip()
        found = ChargingStation.objects.filter(cp_id__istartswith=typed)[:10] if typed else []
        options = [(station.cp_id, station.name) for station in found]
        return render(request, "admin/suggestions.html", {"options": options})

    @admin.display(description="Station", ordering="cp_id")
    def station(self, row: ChargingStation) -> SafeString:
        """Identity, and what it is."""
        kind = " ".join(filter(None, [row.vendor, row.model])) or row.name
        return format_html(
            '<span class="vd-two"><strong>{}</strong><small>{}</small></span>', row.cp_id, kind
        )

    @admin.display(description="Connectors")
    def pips(self, row: ChargingStation) -> SafeString:
        """Every outlet with its status."""
        return words.pips(list(row.connectors.all()))

    @admin.display(description="Online", ordering="online")
    def is_online(self, row: ChargingStation) -> SafeString:
        """Dot and word."""
        return words.online(row)

    @admin.display(description="Registration", ordering="registration")
    def is_registered(self, row: ChargingStation) -> SafeString:
        """Accepted, pending or rejected."""
        return words.registration(row)

    @admin.display(description="Firmware", ordering="firmware_version")
    def version(self, row: ChargingStation) -> str | SafeString:
        """As the station reports it."""
        return row.firmware_version or display.NOTHING

    @admin.display(description="Last message", ordering="last_seen_at")
    def last_message(self, row: ChargingStation) -> SafeString:
        """How long ago it said anything."""
        return display.ago(row.last_seen_at)
