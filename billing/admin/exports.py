"""Exports of reports: how far they are, live, and their files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import report
from billing.models import ExportState, ReportExport
from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin
from cms.shared.downloads import saved
from stations.services import media

_TONES = {
    ExportState.WAITING: "grey",
    ExportState.RUNNING: "blue",
    ExportState.READY: "green",
    ExportState.FAILED: "red",
    ExportState.EXPIRED: "grey",
}


@admin.register(ReportExport)
class ReportExportAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Files that were asked for, newest first."""

    list_display = ("number", "name", "how", "asker", "asked", "size", "download")
    list_display_links = ("number",)
    list_select_related = ("by",)
    list_filter = (("state", ChoiceFilter),)
    change_form_outer_before_template = "admin/billing/export_live.html"
    fieldsets = ((None, {"fields": (("asker", "asked"),)}),)

    def get_urls(self) -> list[Any]:
        """Plus the part that renews itself, the file, and the report itself."""
        live, file = (self.admin_site.admin_view(view) for view in (self.live, self.file))
        return [
            path("<int:pk>/live/", live, name="billing_reportexport_live"),
            path("<int:pk>/file/", file, name="billing_reportexport_file"),
            *report.urls(self),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see reports, or exports of others, or asked for this one."""
        user = request.user
        is_own = obj is not None and user.is_active and user.is_staff and obj.by_id == user.pk
        return (
            is_own or user.has_perm(report.PERMISSION) or super().has_view_permission(request, obj)
        )

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row, also for who asked for it and may not see reports any more."""
        obj = self.get_object(request, object_id)
        if obj is not None and self.has_view_permission(request, obj):
            return obj
        return super().found(request, object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportExport]:
        """With who asked."""
        rows: QuerySet[ReportExport] = super().get_queryset(request)
        return rows.select_related("by")

    def around(self, request: HttpRequest, export: ReportExport) -> dict[str, Any]:
        """The page, with its progress on top."""
        return _progress(export)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part that renews itself."""
        export = self.found(request, str(pk))
        return render(request, "admin/billing/export_live.html", _progress(export))

    def file(self, request: HttpRequest, pk: int) -> FileResponse:
        """Save the file."""
        export = self.found(request, str(pk))
        if not export.file:
            raise Http404
        return saved(media.path(export.file), export.file_name)

    @admin.display(description=lazy("No."))
    def number(self, row: ReportExport) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("File"))
    def name(self, row: ReportExport) -> str:
        """What it is called."""
        return row.file_name

    @admin.display(description=lazy("State"))
    def how(self, row: ReportExport) -> SafeString:
        """Where it stands."""
        return _pill(row)

    @admin.display(description=lazy("Asked for by"))
    def asker(self, row: ReportExport) -> str:
        """Who."""
        return str(row.by)

    @admin.display(description=lazy("Asked for"))
    def asked(self, row: ReportExport) -> SafeString:
        """When."""
        return display.when(row.created_at)

    @admin.display(description=lazy("Size"))
    def size(self, row: ReportExport) -> str | SafeString:
        """Of the file."""
        return display.NOTHING if row.size_bytes is None else filesizeformat(row.size_bytes)

    @admin.display(description=lazy("Download"))
    def download(self, row: ReportExport) -> SafeString:
        """Where to save it."""
        if not row.file:
            return display.NOTHING
        return format_html('<a class="vd-link" href="{}">{}</a>', _file_url(row), _("Download"))


def _pill(export: ReportExport) -> SafeString:
    state = ExportState(export.state)
    return display.pill(state.label, _TONES[state])


def _file_url(export: ReportExport) -> str:
    return reverse("admin:billing_reportexport_file", args=[export.pk])


def _progress(export: ReportExport) -> dict[str, Any]:
    done, total = export.rows_done, export.rows_total
    return {
        "export": export,
        "pill": _pill(export),
        "rows": _("%(done)s of %(total)s rows") % {"done": f"{done:,}", "total": f"{total:,}"}
        if total is not None
        else "",
        "percent": 100 * done // total if total else 0,
        "live_url": reverse("admin:billing_reportexport_live", args=[export.pk]),
        "file_url": _file_url(export) if export.file else "",
        "report_url": report.address({**export.parameters, "period": "custom"}),
        "ends": display.when(export.expires_at),
        "size": filesizeformat(export.size_bytes) if export.size_bytes is not None else "",
    }
