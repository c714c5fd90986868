"""The message log: what stations and the system said to each other, read-only, searchable."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cms.shared import clock, display
from cms.shared.admin import Along, BigTableAdmin, ReadOnlyAdmin
from cms.shared.downloads import streamed
from ocpp_gateway.admin import exports, filters, payloads, rows
from ocpp_gateway.models import OcppMessage
from stations.admin import find

_EXPORT = "ocpp_gateway.export_ocppmessage"
_NAME = "ocpp_gateway_ocppmessage"


@admin.register(OcppMessage)
class OcppMessageAdmin(ReadOnlyAdmin, BigTableAdmin):
    """One row per exchange, newest first."""

    list_select_related = ("station",)
    list_filter = filters.ALL
    list_filter_sheet = True
    newest_along = Along("station")
    change_list_template = "admin/ocpp_gateway/log.html"
    search_fields = ("message_id",)
    search_help_text = _("Message id, or identity of a station begins with …")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_station", "way"),
                    ("what", "outcome"),
                    ("said", "latency"),
                    "message_id",
                )
            },
        ),
    )
    change_form_outer_after_template = "admin/ocpp_gateway/payload.html"

    class Media:
        js = ("voltdesk/log.js",)
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("voltdesk/log.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[OcppMessage]:
        """Lists do not load the texts; a page fetches its own."""
        found: QuerySet[OcppMessage] = super().get_queryset(request)
        return rows.light(found)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[rows.LogChangeList]:
        """The list that goes on behind the last row, not at a number."""
        return rows.LogChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OcppMessage], search_term: str
    ) -> tuple[QuerySet[OcppMessage], bool]:
        """By exact message id, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        if OcppMessage.objects.filter(message_id=text).exists():
            return queryset.filter(message_id=text), False
        return find.at_stations(queryset, text), False

    def get_urls(self) -> list[Any]:
        """Plus the list's next rows, its file, what one row says, and what was said nearby."""
        wrap = self.admin_site.admin_view
        return [
            path("rows/", wrap(self.rows), name=f"{_NAME}_rows"),
            *(
                path(f"export.{form}", wrap(self.export), {"form": form}, name=f"{_NAME}_{form}")
                for form in exports.FORMATS
            ),
            path("<int:pk>/payload/", wrap(self.payload), name=f"{_NAME}_payload"),
            path("near/<int:station>/<int:moment>/", wrap(self.near), name=f"{_NAME}_near"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The first rows, or those behind one, with what can be done with them."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changes := context.get("cl"):
            may = request.user.has_perm(_EXPORT)
            context |= self._shown(changes)
            context["kept_days"] = settings.OCPP_MESSAGE_RETENTION_DAYS
            context["exports"] = self._exports(context["query"]) if may else []
        return response

    def rows(self, request: HttpRequest) -> HttpResponse:
        """Rows behind one (``?before=``), or all that are newer (``?after=``), as filtered."""
        self.may_look(request)
        changes = self.get_changelist_instance(request)
        return TemplateResponse(request, "admin/ocpp_gateway/log_rows.html", self._shown(changes))

    def _shown(self, changes: Any) -> dict[str, Any]:
        """What the templates of rows ask for. ``query`` is how the list is filtered."""
        last = changes.result_list[-1].pk if changes.result_list else None
        query, url = changes.get_query_string(remove=["p"]), reverse(f"admin:{_NAME}_rows")
        more = changes.get_query_string({"before": last}) if changes.has_more else ""
        return {
            "exchanges": rows.shown(changes.result_list),
            "query": query,
            "rows_url": url + query,
            "more_query": more,
            "more_url": url + more,
        }

    def _exports(self, query: str) -> list[tuple[str, str]]:
        names = (("jsonl", "JSON Lines"), ("csv", "CSV"))
        return [(word, reverse(f"admin:{_NAME}_{form}") + query) for form, word in names]

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """What the filters let through as a file, bounded."""
        self.may_look(request)
        if not request.user.has_perm(_EXPORT):
            raise PermissionDenied
        if problem := filters.text_problem(request):
            return HttpResponseBadRequest(problem, content_type="text/plain; charset=utf-8")
        made, kind = exports.FORMATS[form]
        changes = self.get_changelist_instance(request)
        stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
        return streamed(made(changes.queryset), f"ocpp-log-{stamp}.{form}", kind)

    def payload(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Both frames of one exchange, as a part of the list; ``?at=``: when it was said."""
        self.may_look(request)
        row = self._in_full(request, pk, rows.number(request, "at"))
        return render(request, "admin/ocpp_gateway/payload.html", payloads.page(request, row))

    def near(self, request: HttpRequest, station: int, moment: int) -> HttpResponse:
        """The exchanges of ``station`` around ``moment`` (seconds since 1970)."""
        self.may_look(request)
        when = datetime.fromtimestamp(min(moment, rows.LAST_MOMENT), UTC)
        found = rows.near(super().get_queryset(request), station, when)
        return render(request, "admin/ocpp_gateway/near.html", {"messages": rows.shown(found)})

    def around(self, request: HttpRequest, row: OcppMessage) -> dict[str, Any]:
        """Both frames below the facts."""
        return payloads.page(request, self._in_full(request, row.pk, int(row.at.timestamp())))

    def _in_full(self, request: HttpRequest, pk: int, second: int | None) -> OcppMessage:
        found = self.get_queryset(request).defer(None).select_related("station")
        return get_object_or_404(rows.of_second(found, second), pk=pk)

    @admin.display(description=_("Time"))
    def said(self, row: OcppMessage) -> SafeString:
        """When, to the millisecond."""
        return rows.when(row.at)

    @admin.display(description=_("Station"))
    def of_station(self, row: OcppMessage) -> SafeString:
        """Which."""
        return display.link(row.station)

    @admin.display(description=_("Direction"))
    def way(self, row: OcppMessage) -> SafeString:
        """Who asked."""
        return rows.way(row)

    @admin.display(description=_("Action"))
    def what(self, row: OcppMessage) -> str | SafeString:
        """The action, or that the text was no call."""
        return rows.what(row)

    @admin.display(description=_("Answer"))
    def outcome(self, row: Any) -> SafeString:
        """Answered, refused with an error, or not answered."""
        return rows.outcome(row, rows.late_for([row]).get(row.pk))

    @admin.display(description=_("Latency"))
    def latency(self, row: Any) -> SafeString:
        """From the call to its answer; marked where that took long."""
        return rows.latency(row)
