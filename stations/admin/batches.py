"""Batches: what many stations were asked, live, with the result of each; and once more."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from cms.shared import clock, dialogs, display
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin
from cms.shared.dialogs import dialog
from stations import selectors
from stations.models import CommandBatch, ItemState
from stations.services import batches

_ROWS = 200
_TONES = {
    ItemState.WAITING: "grey",
    ItemState.ASKED: "blue",
    ItemState.DONE: "green",
    ItemState.SKIPPED: "grey",
    ItemState.AWAY: "amber",
}
# What somebody should look at comes first.
_ORDER = ("Failed", "Refused", "Away", "Asked", "Waiting", "Skipped", "Done")


@admin.register(CommandBatch)
class CommandBatchAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was asked of many stations, newest first."""

    list_display = ("batch", "results", "by", "asked", "finished")
    list_display_links = ("batch",)
    list_select_related = ("requested_by",)
    search_fields = ("title__istartswith",)
    search_help_text = "Title begins with …"
    actions_detail = ["retry"]
    change_form_outer_before_template = "admin/stations/batch_live.html"
    fieldsets = ((None, {"fields": ("by", "asked", "finished")}),)

    def get_urls(self) -> list[Any]:
        """Plus the part of the page that renews itself."""
        view = self.admin_site.admin_view(self.live)
        return [
            path("<int:pk>/live/", view, name="stations_commandbatch_live"),
            *super().get_urls(),
        ]

    def has_retry_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may ask many stations."""
        return request.user.has_perm("stations.add_commandbatch")

    @dialog(
        title="Retry failed",
        permission="retry",
        submit="Ask once more",
        text="What was refused, failed or passed over is asked once more.",
        icon="replay",
    )
    def retry(self, request: HttpRequest, batch: Any, form: Any) -> HttpResponse:
        """Ask once more for what failed."""
        batches.retry(batch=batch, at=clock.now())
        return dialogs.leave(request, display.page(batch))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page, with its progress on top."""
        batch = self.get_object(request, object_id)
        shown = _progress(batch) if batch else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part that renews itself."""
        batch = self.found(request, str(pk))
        return render(request, "admin/stations/batch_live.html", _progress(batch))

    @admin.display(description="Batch")
    def batch(self, row: CommandBatch) -> str:
        """Number and title."""
        return str(row)

    @admin.display(description="Results")
    def results(self, row: CommandBatch) -> SafeString:
        """How many commands are in which state."""
        return format_html_join(" ", "{}", ((pill,) for pill in _pills(row)))

    @admin.display(description="By")
    def by(self, row: CommandBatch) -> object:
        """Who asked for it."""
        return row.requested_by or display.NOTHING

    @admin.display(description="Asked")
    def asked(self, row: CommandBatch) -> SafeString:
        """When."""
        return display.when(row.requested_at)

    @admin.display(description="Finished")
    def finished(self, row: CommandBatch) -> SafeString:
        """When all had their result."""
        return display.when(row.finished_at)


def _pills(batch: CommandBatch) -> list[SafeString]:
    counts = selectors.batch_counts([batch.pk])[batch.pk]
    return [_pill(state, f"{counts[state]} {state.lower()}") for state in _ORDER if state in counts]


def _pill(state: str, text: str) -> SafeString:
    return display.pill(text, _TONES.get(ItemState(state), "red"), ItemState(state).label)


def _progress(batch: CommandBatch) -> dict[str, Any]:
    rows: list[Any] = []
    for state in _ORDER:  # an index finds each; sorting by state would read them all
        found = batch.items.filter(state=state).select_related("station", "command")
        rows += found[: _ROWS - len(rows)]
    return {
        "batch": batch,
        "pills": _pills(batch),
        "items": [
            {
                "station": display.link(item.station),
                "what": " ".join([item.action, *map(str, item.payload.values())])[:200],
                "state": _pill(item.state, item.state),
                "detail": item.detail,
                "command": display.link(item.command, f"#{item.command_id}")
                if item.command
                else "",
            }
            for item in rows
        ],
        "most": _ROWS,
        "live_url": reverse("admin:stations_commandbatch_live", args=[batch.pk]),
    }
