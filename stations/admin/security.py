"""Security events: what stations told of their security, newest first."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import BigTableAdmin, FixedFilter, ReadOnlyAdmin, RelatedFilter
from stations.admin import find
from stations.models import SecurityEvent


class CriticalFilter(FixedFilter):
    """By what the whitepaper calls critical."""

    title = lazy("critical")
    parameter_name = "critical"
    options = (("1", lazy("Critical")), ("0", lazy("Others")))


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin, BigTableAdmin):
    """The log of security events."""

    list_display = ("number", "what", "at_station", "tech_info", "happened", "received")
    list_display_links = ("number",)
    list_select_related = ("station",)
    list_filter = (CriticalFilter, ("station", RelatedFilter))
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("what", "at_station"),
                    "tech_info",
                    ("happened_exactly", "happened_at_raw"),
                    ("received_exactly", "times_seen"),
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SecurityEvent], search_term: str
    ) -> tuple[QuerySet[SecurityEvent], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    @admin.display(description=lazy("No."))
    def number(self, row: SecurityEvent) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("Event"))
    def what(self, row: SecurityEvent) -> SafeString:
        """The station's word for it."""
        return display.pill(row.type, "red" if row.critical else "grey")

    @admin.display(description=lazy("Station"))
    def at_station(self, row: SecurityEvent) -> SafeString:
        """Who told."""
        return display.link(row.station)

    @admin.display(description=lazy("Happened"))
    def happened(self, row: SecurityEvent) -> SafeString:
        """By the station's clock."""
        return display.ago(row.happened_at)

    @admin.display(description=lazy("Happened, by the station's clock"))
    def happened_exactly(self, row: SecurityEvent) -> SafeString:
        """Exactly."""
        return display.when(row.happened_at)

    @admin.display(description=lazy("Received"))
    def received(self, row: SecurityEvent) -> SafeString:
        """When we heard of it."""
        return display.ago(row.received_at)

    @admin.display(description=lazy("Received"))
    def received_exactly(self, row: SecurityEvent) -> SafeString:
        """Exactly."""
        return display.when(row.received_at)
