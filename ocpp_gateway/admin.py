"""The message log: what stations and the system said to each other, read-only, searchable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from ocpp.v16.enums import Action

from cms.shared import display
from cms.shared.admin import (
    BigTableAdmin,
    ChoiceFilter,
    FixedFilter,
    ReadOnlyAdmin,
    RelatedFilter,
    TimeFilter,
)
from ocpp_gateway.models import Direction, OcppMessage
from stations.models import ChargingStation

_SLOW_MS = 5000
_MANY = 200  # stations a search may stand for
# Rows are written when the answer is there: their ids are in order of time to within this.
_SLACK = timedelta(minutes=15)
_NEAR = 20  # exchanges shown around a moment
_LAST_MOMENT = 4_000_000_000  # what a number in an address may stand for at most


class LastFilter(TimeFilter):
    """By when it was said; one day unless more is asked for."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        # Who looks for one message wants it, however old it is.
        self.default = "all" if request.GET.get("q") else "24h"
        super().__init__(request, *args)

    @staticmethod
    def since(rows: QuerySet[OcppMessage], moment: datetime) -> QuerySet[OcppMessage]:
        """Said after ``moment``: the index on time gives the first id, the rest goes by id."""
        around = OcppMessage.objects.filter(at__gte=moment - _SLACK).order_by("at")
        first = around.values_list("pk", flat=True).first()
        return rows.filter(pk__gte=first, at__gte=moment) if first else rows.none()


class ActionFilter(FixedFilter):
    """By action: a fixed list, as a DISTINCT over the log would be slow."""

    title = "action"
    parameter_name = "action"
    options = tuple((name, name) for name in sorted(action.value for action in Action))


class OutcomeFilter(FixedFilter):
    """By how it was answered."""

    title = "answer"
    parameter_name = "outcome"
    options = (("error", "Error"), ("none", "No answer"))

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OcppMessage]
    ) -> QuerySet[OcppMessage]:
        """Errors, or what nobody answered."""
        if self.value() == "error":
            return queryset.exclude(error_code="")
        if self.value() == "none":
            return queryset.filter(response="", error_code="")
        return queryset


def _around(station: int, moment: datetime) -> list[Any]:
    """Exchanges near ``moment``, oldest first. The index on time bounds the ids, as above."""
    near = (moment - _SLACK, moment + _SLACK)
    ids = OcppMessage.objects.filter(at__range=near).values_list("pk", flat=True)
    first, last = ids.order_by("at").first(), ids.order_by("-at").first()
    if first is None:
        return []
    ours = OcppMessage.objects.filter(station=station, pk__range=(first, last))
    rows = light(ours)
    half = _NEAR // 2
    before = rows.filter(at__range=(near[0], moment)).order_by("-id")[:half]
    later = rows.filter(at__gt=moment, at__lte=near[1]).order_by("id")[:half]
    return [*reversed(before), *later]


def light(rows: QuerySet[OcppMessage]) -> QuerySet[Any]:
    """Without their texts; whether there is an answer stays known."""
    is_answered = ExpressionWrapper(~Q(response=""), output_field=BooleanField())
    return rows.defer("request", "response").annotate(is_answered=is_answered)


@admin.register(OcppMessage)
class OcppMessageAdmin(ReadOnlyAdmin, BigTableAdmin):
    """One row per exchange, newest first."""

    list_display = ("said", "of_station", "way", "what", "outcome", "latency", "short_id")
    list_display_links = ("said",)
    list_select_related = ("station",)
    list_filter = (
        LastFilter,
        ("station", RelatedFilter),
        ("direction", ChoiceFilter),
        ActionFilter,
        OutcomeFilter,
    )
    search_fields = ("message_id",)
    search_help_text = "Message id, or identity of a station begins with …"
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
        ("Call", {"fields": ("call",)}),
        ("Answer", {"fields": ("answer",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OcppMessage]:
        """Lists do not load the texts; a page fetches its own."""
        rows: QuerySet[OcppMessage] = super().get_queryset(request)
        return light(rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OcppMessage], search_term: str
    ) -> tuple[QuerySet[OcppMessage], bool]:
        """By exact message id, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        if OcppMessage.objects.filter(message_id=text).exists():
            return queryset.filter(message_id=text), False
        named = ChargingStation.objects.filter(cp_id__istartswith=text).order_by("cp_id")
        ids = list(named.values_list("pk", flat=True)[:_MANY])
        found = {"station_id": ids[0]} if len(ids) == 1 else {"station_id__in": ids}
        return queryset.filter(**found), False

    def get_urls(self) -> list[Any]:
        """Plus what a station said around a moment, as a part of other pages."""
        view = self.admin_site.admin_view(self.near)
        where = "near/<int:station>/<int:moment>/"
        return [path(where, view, name="ocpp_gateway_ocppmessage_near"), *super().get_urls()]

    def near(self, request: HttpRequest, station: int, moment: int) -> HttpResponse:
        """The exchanges of ``station`` around ``moment`` (seconds since 1970)."""
        self.may_look(request)
        rows = _around(station, datetime.fromtimestamp(min(moment, _LAST_MOMENT), UTC))
        shown = [
            {
                "when": display.when(row.at),
                "way": self.way(row),
                "link": display.link(row, row.action or "no frame"),
                "outcome": self.outcome(row),
            }
            for row in rows
        ]
        return render(request, "admin/messages_near.html", {"messages": shown})

    @admin.display(description="Time")
    def said(self, row: OcppMessage) -> SafeString:
        """When, to the second."""
        return display.when(row.at)

    @admin.display(description="Station")
    def of_station(self, row: OcppMessage) -> SafeString:
        """Which."""
        return display.link(row.station)

    @admin.display(description="Direction")
    def way(self, row: OcppMessage) -> SafeString:
        """Who asked."""
        arrow = "←" if row.direction == Direction.RECEIVED else "→"
        return format_html(
            '<span class="vd-time" title="{}">{} {}</span>',
            row.get_direction_display(),
            arrow,
            row.direction,
        )

    @admin.display(description="Action")
    def what(self, row: OcppMessage) -> str | SafeString:
        """The action, or that the text was no frame."""
        return row.action or display.pill("no frame", "red")

    @admin.display(description="Answer")
    def outcome(self, row: Any) -> SafeString:
        """Answered, refused with an error, or not answered."""
        if row.error_code:
            return display.pill(row.error_code, "red")
        if not row.is_answered:
            return display.pill("No answer", "amber")
        return display.pill("Answered", "green")

    @admin.display(description="Latency")
    def latency(self, row: OcppMessage) -> SafeString:
        """From the call to its answer; amber where that took long."""
        shown = display.number(row.latency_ms, "ms", 0)
        if row.latency_ms is not None and row.latency_ms > _SLOW_MS:
            return format_html('<span class="vd-slow">{}</span>', shown)
        return shown

    @admin.display(description="Message id")
    def short_id(self, row: OcppMessage) -> SafeString:
        """The id, cut where it is long; all of it on hover."""
        return format_html('<span class="vd-clip" title="{0}">{0}</span>', row.message_id)

    @admin.display(description="Call")
    def call(self, row: OcppMessage) -> SafeString:
        """As it was sent, indented, secrets masked."""
        return display.frame(row.request)

    @admin.display(description="Answer")
    def answer(self, row: OcppMessage) -> SafeString:
        """As it was sent, indented, secrets masked."""
        return display.frame(row.response)
