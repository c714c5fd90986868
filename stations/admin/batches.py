"""Batches: what many stations were asked, live, with the result of each; and once more."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cms.shared import clock, dialogs, display, scoping
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin
from cms.shared.dialogs import DialogForm, dialog
from stations import selectors
from stations.admin import batch_words
from stations.models import CommandBatch, ItemState
from stations.services import batches

_ROWS = 200
# What somebody should look at comes first.
_ORDER = (
    *(ItemState.FAILED, ItemState.REFUSED, ItemState.TIMED_OUT, ItemState.AWAY),
    *(ItemState.ASKED, ItemState.SKIPPED, ItemState.DONE, ItemState.WAITING),
)


class RetryForm(DialogForm):
    """Only a question: it says how many would be asked."""

    obj: CommandBatch

    def prepare(self) -> None:
        """How many there are; none is no reason to press."""
        number = batches.again(self.obj).count()
        if not number:
            self.refuse(_("Nothing of this batch failed, or it was asked for again before."))
            return
        asked = ngettext(
            "%(number)s command is asked for once more, by a batch of its own.",
            "%(number)s commands are asked for once more, by a batch of their own.",
            number,
        )
        self.warn(asked % {"number": number}, "blue")


@admin.register(CommandBatch)
class CommandBatchAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was asked of many stations, newest first."""

    list_display = ("batch", "results", "by", "asked", "finished")
    list_display_links = ("batch",)
    list_select_related = ("requested_by",)
    search_fields = ("title__istartswith",)
    search_help_text = gettext_lazy("Title begins with …")
    actions_detail = ["retry"]
    change_form_outer_before_template = "admin/stations/batch_live.html"
    fieldsets = ((None, {"fields": ("by", "asked")}),)

    class Media:
        """Of the bar."""

        css: ClassVar[dict[str, list[str]]] = {"all": ["voltdesk/list.css"]}

    def get_urls(self) -> list[Any]:
        """Plus the part of the page that renews itself."""
        view = self.admin_site.admin_view(self.live)
        return [
            path("<int:pk>/live/", view, name="stations_commandbatch_live"),
            *super().get_urls(),
        ]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None above the page: the part that renews itself offers it, once something failed."""
        return []

    def has_retry_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may ask many stations."""
        return request.user.has_perm("stations.add_commandbatch")

    @dialog(
        title=gettext_lazy("Retry failed"),
        permission="retry",
        form=RetryForm,
        submit=gettext_lazy("Ask once more"),
        icon="replay",
    )
    def retry(self, request: HttpRequest, batch: Any, form: Any) -> HttpResponse:
        """Ask once more for what failed, by a new batch."""
        made = batches.retry(
            batch=batch,
            at=clock.now(),
            requested_by_id=request.user.pk,
            idempotency_key=form.idempotency_key(),
        )
        return dialogs.leave(request, display.page(made))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the results of all its rows by one query."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        if changes := (getattr(response, "context_data", None) or {}).get("cl"):
            rows = list(changes.result_list)
            counts = selectors.batch_counts(row.pk for row in rows)
            for row in rows:
                row.counts = counts[row.pk]
            changes.result_list = rows
        return response

    def around(self, request: HttpRequest, batch: CommandBatch) -> dict[str, Any]:
        """The page, with its progress on top."""
        return self._progress(request, batch)

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part that renews itself."""
        batch = self.found(request, str(pk))
        return render(request, "admin/stations/batch_live.html", self._progress(request, batch))

    def _progress(self, request: HttpRequest, batch: CommandBatch) -> dict[str, Any]:
        """How far it is: tallies, a bar, and each station's reply; what went wrong first."""
        counts = selectors.batch_counts([batch.pk])[batch.pk]
        total = sum(counts.values())
        over = sum(counts.get(state, 0) for state in batches.OVER)
        again = batches.again(batch).count() if self.has_retry_permission(request) else 0
        return {
            "batch": batch,
            "over": over,
            "total": total,
            "took": display.span(batch.finished_at - batch.requested_at)
            if batch.finished_at
            else "",
            "tallies": [
                {
                    "name": batch_words.name(state),
                    "number": counts[state],
                    "tone": tone,
                    "is_open": state not in batches.OVER,
                }
                for state, tone in batch_words.TONES.items()
                if counts.get(state)
            ],
            "items": [_reply(item) for item in _first(batch)],
            "most": _ROWS if total > _ROWS else 0,
            "retry_of": display.link(first, f"#{first.pk}")
            if (first := batch.retry_of) and scoping.sees(request.user, first)
            else "",
            "retries": [
                display.link(row, f"#{row.pk}") for row in batch.retries.order_by("pk")[:20]
            ],
            "again": again,
            "retry_url": reverse("admin:stations_commandbatch_retry", args=[batch.pk]),
            "live_url": reverse("admin:stations_commandbatch_live", args=[batch.pk]),
        }

    @admin.display(description=gettext_lazy("Batch"))
    def batch(self, row: CommandBatch) -> str:
        """Number and title."""
        return str(row)

    @admin.display(description=gettext_lazy("Results"))
    def results(self, row: CommandBatch) -> SafeString:
        """How many commands are in which state."""
        counts: dict[str, int] = row.counts  # type: ignore[attr-defined]
        pills = [batch_words.pill(state, counts[state]) for state in _ORDER if state in counts]
        return format_html_join(" ", "{}", ((pill,) for pill in pills))

    @admin.display(description=gettext_lazy("By"))
    def by(self, row: CommandBatch) -> object:
        """Who asked for it."""
        return row.requested_by or display.NOTHING

    @admin.display(description=gettext_lazy("Asked"))
    def asked(self, row: CommandBatch) -> SafeString:
        """When."""
        return display.when(row.requested_at)

    @admin.display(description=gettext_lazy("Finished"))
    def finished(self, row: CommandBatch) -> SafeString:
        """When all had their result."""
        return display.when(row.finished_at)


def _first(batch: CommandBatch) -> list[Any]:
    rows: list[Any] = []
    for state in _ORDER:  # an index finds each; sorting by state would read them all
        found = batch.items.filter(state=state).select_related("station", "command")
        rows += found[: _ROWS - len(rows)]
    return rows


def _reply(item: Any) -> dict[str, Any]:
    command = item.command
    return {
        "station": display.link(item.station),
        "what": " ".join([item.action, *map(str, item.payload.values())])[:200],
        "state": batch_words.pill(item.state),
        "reply": batch_words.reply(item),
        "command": display.link(command, f"#{command.pk}") if command else "",
    }
