"""Logs: what stations were asked for and brought, and the two dialogs that ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared.admin import ChoiceFilter, RelatedFilter
from cms.shared.dialogs import dialog
from stations.admin import steps
from stations.admin.errands import ERRAND_FIELDS, ErrandAdmin, ErrandForm, Moment, shown
from stations.models import LogKind, LogRequest
from stations.services import logs


@admin.register(LogRequest)
class LogRequestAdmin(ErrandAdmin):
    """Diagnostics and logs, newest first."""

    list_display = ("number", "kind", "state", "at_station", "file", "asked", "by")
    list_display_links = ("number",)
    list_filter = (
        ("outcome", ChoiceFilter),
        ("kind", ChoiceFilter),
        ("station", RelatedFilter),
    )
    fieldsets = (
        (
            None,
            {"fields": (*ERRAND_FIELDS, ("kind", "file_name", "file"), ("oldest_at", "latest_at"))},
        ),
    )

    @admin.display(description=lazy("File"))
    def file(self, row: LogRequest) -> SafeString:
        """What the station brought, to be saved."""
        return steps.file_link(row)


class LogForm(ErrandForm):
    """Which file, from when to when."""

    kind = forms.ChoiceField(
        label=lazy("Which"),
        choices=[
            (LogKind.DIAGNOSTICS.value, lazy("Diagnostics: every station with FirmwareManagement")),
            (LogKind.SECURITY_LOG.value, lazy("Security log: stations of the security extensions")),
            (LogKind.DIAGNOSTICS_LOG.value, lazy("Diagnostics log: the same stations")),
        ],
        initial=LogKind.DIAGNOSTICS.value,
        widget=forms.RadioSelect,
    )
    oldest_at = Moment(lazy("Not older than"), lazy("Empty: all there is"))
    latest_at = Moment(lazy("Not newer than"), lazy("Empty: until now"))
    field_order = ("kind", "oldest_at", "latest_at", "location")

    def wanted(self) -> logs.Wanted:
        """What the station shall bring."""
        chosen = self.cleaned_data
        return logs.Wanted(
            kind=LogKind(chosen["kind"]),
            location=chosen["location"],
            oldest_at=chosen["oldest_at"],
            latest_at=chosen["latest_at"],
            tries=self.tries(),
        )


def has_logs_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may ask stations for their logs. For the page of a station, as the next one."""
    return request.user.has_perm("stations.add_logrequest")


@dialog(
    title=_("Get diagnostics or a log"),
    permission="logs",
    form=LogForm,
    submit=_("Ask for it"),
    icon="troubleshoot",
)
def get_log(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Let a station upload its diagnostics (GetDiagnostics) or a log (GetLog)."""
    by = form.request_of(request)
    return shown(
        self, request, station, logs.fetch(station=station, wanted=form.wanted(), request=by)
    )
