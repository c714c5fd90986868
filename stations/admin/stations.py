"""Stations: the list, and the page where one sees, asks and gets the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import scoping
from cms.shared.admin import ChoiceFilter, FixedFilter, ModelAdmin, RelatedFilter
from stations.admin import (
    board,
    bulk,
    credentials,
    drivers,
    errands,
    firmware,
    installed,
    logs,
    menu,
    more_actions,
    registration,
    settings_tab,
    setup,
    station_list,
    station_tabs,
)
from stations.admin.actions import StationActions
from stations.admin.sites import time_zone_field
from stations.models import ChargingStation
from stations.services import stations

_EDITED = (
    *("name", "site", "registration", "security_profile"),
    *("heartbeat_interval_s", "time_zone"),
)


class OnlineFilter(FixedFilter):
    """By whether a station is there."""

    title = lazy("online")
    parameter_name = "online"
    options = (("1", lazy("Online")), ("0", lazy("Offline")))


@admin.register(ChargingStation)
class StationAdmin(StationActions, setup.SetupActions, ModelAdmin):
    """What operators change about a station is little; the rest it reports itself."""

    list_display = station_list.COLUMNS
    list_display_links = ("station",)
    list_select_related = ("site",)
    list_before_template = "admin/stations/station_tabs.html"
    list_sections = (station_list.ConnectorSection,)
    list_filter = (
        *(station_list.TabFilter, OnlineFilter),
        *(("registration", ChoiceFilter), ("site", RelatedFilter)),
    )
    show_full_result_count = False  # the tabs say it
    list_disable_select_all = False
    search_fields = (
        "cp_id__istartswith",
        "name__istartswith",
        "vendor__istartswith",
        "model__istartswith",
        "site__name__istartswith",
    )
    search_help_text = lazy("Identity, name, vendor, model or site begins with …")
    actions = bulk.ACTIONS
    actions_row = station_list.ROW_MENU
    actions_detail = list(menu.ACTIONS)  # shown by the page itself: see get_actions_detail
    autocomplete_fields = ("site",)
    change_form_outer_before_template = "admin/stations/station_head.html"
    add_fieldsets = ((None, {"fields": ("cp_id", *_EDITED)}),)
    fieldsets = ((lazy("Settings"), {"fields": _EDITED}),)
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
    accept_station = registration.accept_station
    has_cancel_permission = more_actions.has_cancel_permission
    cancel_reservation = more_actions.cancel_reservation
    list_version = more_actions.list_version
    delete_certificate = more_actions.delete_certificate
    certificate_signed = more_actions.certificate_signed
    # Likewise the columns of the list, and what is asked of many
    station, state, pips = station_list.station, station_list.state, station_list.pips
    speaks, profile = station_list.speaks, station_list.profile
    version, last_message = station_list.version, station_list.last_message
    has_log_permission, open_log = station_list.has_log_permission, station_list.open_log
    has_bulk_permission = bulk.has_bulk_permission
    has_bulk_firmware_permission = bulk.has_bulk_firmware_permission
    reset_many, availability_many = bulk.action("reset"), bulk.action("availability")
    firmware_many, trigger_many = bulk.action("firmware"), bulk.action("trigger")
    configuration_many = bulk.action("configuration")

    class Media:
        """Of the list with its bulk commands, and of the page."""

        css: ClassVar[dict[str, list[str]]] = {"all": ["voltdesk/list.css", "voltdesk/station.css"]}
        js: ClassVar[list[str]] = ["voltdesk/list.js", "voltdesk/station.js"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, its stations with their connectors."""
        changes = super().get_changelist_instance(request)
        changes.result_list = station_list.with_connectors(changes.result_list)
        return changes

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with its tabs."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            context.update(station_list.around(request, changes))
        return response

    def get_urls(self) -> list[Any]:
        """Plus the live part of the page, and suggestions for other dialogs."""
        view = self.admin_site.admin_view
        return [
            path("suggest/", view(self.suggest), name="stations_chargingstation_suggest"),
            path("<int:pk>/live/", view(self.live), name="stations_chargingstation_live"),
            *(*station_list.urls(self), *bulk.urls(self)),
            path("<int:pk>/errands/", view(self.errands), name="stations_chargingstation_errands"),
            path("drivers/", view(self.drivers), name="stations_chargingstation_drivers"),
            *station_tabs.urls(self),
            *settings_tab.urls(self),
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
        said = _("%(station)s, with its message log and commands")
        return [said % {"station": station} for station in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: ChargingStation) -> None:
        """Remove a station that never charged."""
        stations.delete(station=obj)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None beside the title: the head of the page has them, and says why one is off."""
        return []

    def around(self, request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
        """The head and the tabs, above the form."""
        return board.page(self, request, station)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The parts of the page that renew themselves."""
        station = self.found(request, str(pk))
        return render(
            request, "admin/stations/station_live.html", board.live(self, request, station)
        )

    def errands(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The last update and the last log, step by step."""
        shown = errands.panel(request, self.found(request, str(pk)))
        return render(request, "admin/stations/station_errands.html", shown)

    def drivers(self, request: HttpRequest) -> HttpResponse:
        """Cards and drivers whose name or number begins with what was typed, as options."""
        self.may_look(request)
        may = self.has_serve_permission(request)
        typed = request.GET.get("q", "").strip() if may else ""
        options = drivers.suggested(request, typed)
        return render(request, "admin/suggestions.html", {"options": options})

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Stations whose identity begins with what was typed, as options."""
        self.may_look(request)
        typed = request.GET.get("q", "").strip()
        rows = scoping.visible(request.user, ChargingStation.objects.all())
        found = rows.filter(cp_id__istartswith=typed)[:10] if typed else []
        options = [(station.cp_id, station.name) for station in found]
        return render(request, "admin/suggestions.html", {"options": options})
