"""Meter values: what meters showed, read-only, by session or connector."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import Along, BigTableAdmin, NumberFilter, ReadOnlyAdmin
from stations.admin import find
from stations.admin.connectors import ConnectorFilter, connector_link
from stations.models import MeterValue


class SessionFilter(NumberFilter):
    """By the session they belong to."""

    title = lazy("session (number)")
    parameter_name = "session"


@admin.register(MeterValue)
class MeterValueAdmin(ReadOnlyAdmin, BigTableAdmin):
    """One row per element of a MeterValues message."""

    list_display = (
        "sampled",
        "at_connector",
        "of_session",
        "register",
        "power",
        "current",
        "voltage",
        "charge",
        "context_word",
    )
    list_select_related = ("connector__station", "session")
    list_filter = (SessionFilter, ConnectorFilter)
    newest_along = Along("connector", "sampled_at")
    search_fields = ("session",)
    search_help_text = lazy("Number of a session, or connector as CP-1/2")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "at_connector",
                    "of_session",
                    "sampled",
                    "as_sent",
                    "received",
                    "register",
                    "power",
                    "current",
                    "voltage",
                    "charge",
                    "context_word",
                    "raw_shown",
                )
            },
        ),
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By time where one session or connector is asked for: its index has that order."""
        if {"session", "connector", "q"} & request.GET.keys():
            return ("-sampled_at", "-id")
        return ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MeterValue]:
        """Without what lists do not show."""
        rows: QuerySet[MeterValue] = super().get_queryset(request)
        return rows.defer("raw")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MeterValue], search_term: str
    ) -> tuple[QuerySet[MeterValue], bool]:
        """By session, else by connector."""
        text = search_term.strip()
        if not text:
            return queryset, False
        number = find.number(text)
        if number is not None:
            return queryset.filter(session=number), False
        row = find.connector(text)
        return (queryset.filter(connector=row) if row else queryset.none()), False

    @admin.display(description=lazy("Sampled"))
    def sampled(self, row: MeterValue) -> SafeString:
        """The station's time of it."""
        return display.when(row.sampled_at)

    @admin.display(description=lazy("As sent"))
    def as_sent(self, row: MeterValue) -> str | SafeString:
        """The text of that time."""
        return row.sampled_at_raw or display.NOTHING

    @admin.display(description=lazy("Received"))
    def received(self, row: MeterValue) -> SafeString:
        """When it reached us."""
        return display.when(row.received_at)

    @admin.display(description=lazy("Connector"))
    def at_connector(self, row: MeterValue) -> SafeString:
        """Station and number."""
        return connector_link(row.connector)

    @admin.display(description=lazy("Session"))
    def of_session(self, row: MeterValue) -> Any:
        """The session, or the number the station gave where that is none of ours."""
        if row.session is None:
            reported = row.reported_transaction_id
            if reported is None:
                return display.NOTHING
            return _("reported as %(number)s") % {"number": reported}
        return display.link(row.session, f"#{row.session_id}")

    @admin.display(description=lazy("Register"))
    def register(self, row: MeterValue) -> SafeString:
        """Of the meter."""
        return display.kwh(row.energy_wh)

    @admin.display(description=lazy("Power"))
    def power(self, row: MeterValue) -> SafeString:
        """At that moment."""
        return display.kw(row.power_w)

    @admin.display(description=lazy("Current"))
    def current(self, row: MeterValue) -> SafeString:
        """At that moment."""
        return display.number(row.current_a, "A")

    @admin.display(description=lazy("Voltage"))
    def voltage(self, row: MeterValue) -> SafeString:
        """At that moment."""
        return display.number(row.voltage_v, "V")

    @admin.display(description=lazy("Battery"))
    def charge(self, row: MeterValue) -> SafeString:
        """State of charge."""
        return display.number(row.soc_percent, "%", 0)

    @admin.display(description=lazy("Context"))
    def context_word(self, row: MeterValue) -> str | SafeString:
        """Why it was sampled."""
        return row.context or display.NOTHING

    @admin.display(description=lazy("As it came"))
    def raw_shown(self, row: MeterValue) -> SafeString:
        """The sampledValue list."""
        return display.frame(row.raw)
