"""What the pages of firmware updates and of logs share, and the station's panel of both."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin
from stations.admin import find, progress, steps
from stations.admin.forms import StationForm
from stations.models import ChargingStation, Command
from stations.services.asking import Request, Tries

ERRAND_FIELDS = (
    ("state", "status", "why"),
    ("at_station", "of_command", "by"),
    ("location", "request_id"),
    ("retries", "retry_interval_s"),
    ("requested", "expires", "ended"),
)


class Moment(forms.DateTimeField):
    """A moment people may leave out."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, label: Any, help_text: Any) -> None:
        super().__init__(label=label, help_text=help_text, required=False)


class ErrandForm(StationForm):
    """Where the file goes by, and how often the station tries."""

    location = forms.CharField(
        label=lazy("Another place"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text=lazy(
            "Empty: this system. Else an address the station can use, such as "
            "ftp://user:password@host/folder/"
        ),
    )
    retries = forms.IntegerField(
        label=lazy("Retries"),
        required=False,
        min_value=0,
        max_value=1000,
        help_text=lazy("Empty: as the station likes"),
    )
    retry_interval = forms.IntegerField(
        label=lazy("Seconds between tries"), required=False, min_value=0, max_value=86400
    )

    def tries(self) -> Tries:
        """How often the station shall try."""
        return Tries(self.cleaned_data["retries"], self.cleaned_data["retry_interval"])

    def request_of(self, request: HttpRequest) -> Request:
        """Who asks, once for each dialog however often its button is pressed."""
        token = f"admin:{request.user.pk}:{self.cleaned_data['token']}"
        return Request(clock.now(), request.user.pk, idempotency_key=token)


def shown(
    model_admin: Any, request: HttpRequest, station: ChargingStation, command: Command
) -> HttpResponse:
    """The answer to a dialog: what becomes of its command."""
    return progress.respond(model_admin, request, station, command)


class ErrandAdmin(BigTableAdmin):
    """Rows that follow a station on its errand; nobody edits them."""

    actions = None
    actions_detail_hide_default = True
    has_add_permission = ReadOnlyAdmin.has_add_permission
    has_change_permission = ReadOnlyAdmin.has_change_permission
    has_delete_permission = ReadOnlyAdmin.has_delete_permission

    list_select_related = ("station", "requested_by", "transfer")
    search_fields = ("id",)
    search_help_text = lazy("Number, or identity of a station begins with …")
    change_form_outer_before_template = "admin/stations/errand_head.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By number, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        number = find.number(text)
        if number is not None and queryset.filter(pk=number).exists():
            return queryset.filter(pk=number), False
        return find.at_stations(queryset, text), False

    def around(self, request: HttpRequest, errand: Any) -> dict[str, Any]:
        """The facts, with what the station reported on top."""
        return {"steps": steps.of(errand, clock.now())}

    @admin.display(description=lazy("No."))
    def number(self, row: Any) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def state(self, row: Any) -> SafeString:
        """How it ended, or where it stands."""
        return steps.outcome(row)

    @admin.display(description=lazy("Why"))
    def why(self, row: Any) -> str | SafeString:
        """The reason, where there is one."""
        return row.reason or display.NOTHING

    @admin.display(description=lazy("Station"))
    def at_station(self, row: Any) -> SafeString:
        """Whose errand it is."""
        return display.link(row.station)

    @admin.display(description=lazy("Asked with"))
    def of_command(self, row: Any) -> SafeString:
        """The command."""
        return display.link(row.command)

    @admin.display(description=lazy("Asked by"))
    def by(self, row: Any) -> object:
        """The person, or a program."""
        return row.requested_by or display.NOTHING

    @admin.display(description=lazy("Asked"))
    def asked(self, row: Any) -> SafeString:
        """When."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Asked"))
    def requested(self, row: Any) -> SafeString:
        """When, exactly."""
        return display.when(row.requested_at)

    @admin.display(description=lazy("Waited for until"))
    def expires(self, row: Any) -> SafeString:
        """When it would time out."""
        return display.when(row.expires_at)

    @admin.display(description=lazy("Over since"))
    def ended(self, row: Any) -> SafeString:
        """When it ended."""
        return display.when(row.ended_at)


def panel(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """The station's last update and last log, step by step; each only to whom may see it."""
    may, now = request.user.has_perm, clock.now()
    found = {
        _("Firmware update"): station.firmwareupdates.select_related("image").first()
        if may("stations.view_firmwareupdate")
        else None,
        _("Log"): station.logrequests.select_related("transfer").first()
        if may("stations.view_logrequest")
        else None,
    }
    shown = [
        {"title": title, "link": display.link(row), "steps": steps.of(row, now)}
        for title, row in found.items()
        if row is not None
    ]
    unasked = steps.unasked(station) if may("stations.view_firmwareupdate") else []
    if unasked:
        shown.append({"title": _("Reported by itself"), "link": "", "steps": unasked})
    return {"errands": shown}
