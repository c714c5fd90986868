"""Transfers: the files of stations, who brought or fetched them, to be saved by operators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.downloads import saved
from stations.admin import find
from stations.models import Transfer, TransferState
from stations.services import media

_TONES = {TransferState.OPEN: "blue", TransferState.RECEIVED: "green"}


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Files that went between stations and this system, newest first."""

    list_display = ("number", "purpose", "direction", "how", "at_station", "size", "link", "made")
    list_display_links = ("number",)
    list_select_related = ("station",)
    list_filter = (
        ("state", ChoiceFilter),
        ("purpose", ChoiceFilter),
        ("station", RelatedFilter),
    )
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("purpose", "direction", "how"),
                    ("at_station", "image"),
                    ("link", "size", "sha256"),
                    ("attempts", "attempted_at", "completed_at"),
                    ("created_at", "expires_at", "limit_bytes"),
                )
            },
        ),
    )

    @admin.display(description=lazy("Direction"))
    def direction(self, row: Transfer) -> str:
        """As the station sees it."""
        return _("Download") if row.direction == "Download" else _("Upload")

    def get_urls(self) -> list[Any]:
        """Plus the file."""
        view = self.admin_site.admin_view(self.file)
        return [path("<int:pk>/file/", view, name="stations_transfer_file"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Transfer], search_term: str
    ) -> tuple[QuerySet[Transfer], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    def file(self, request: HttpRequest, pk: int) -> FileResponse:
        """Save what a station uploaded."""
        transfer = self.found(request, str(pk))
        if not transfer.file or not media.path(transfer.file).exists():
            raise Http404
        return saved(media.path(transfer.file), transfer.file_name)

    @admin.display(description=lazy("No."))
    def number(self, row: Transfer) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def how(self, row: Transfer) -> SafeString:
        """Where it stands."""
        return display.pill(row.get_state_display(), _TONES.get(TransferState(row.state), "grey"))

    @admin.display(description=lazy("Station"))
    def at_station(self, row: Transfer) -> SafeString:
        """Whose file it is."""
        return display.link(row.station)

    @admin.display(description=lazy("Size"))
    def size(self, row: Transfer) -> str | SafeString:
        """How much went, in the latest attempt."""
        return filesizeformat(row.transferred_bytes) if row.attempts else display.NOTHING

    @admin.display(description=lazy("File"))
    def link(self, row: Transfer) -> SafeString:
        """Where to save it."""
        if not row.file:
            return display.NOTHING
        url = reverse("admin:stations_transfer_file", args=[row.pk])
        return format_html('<a class="vd-link" href="{}">{}</a>', url, row.file_name)

    @admin.display(description=lazy("Made"))
    def made(self, row: Transfer) -> SafeString:
        """When."""
        return display.ago(row.created_at)
