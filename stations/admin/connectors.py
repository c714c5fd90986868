"""Connectors' history: what they once reported, read-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import Along, BigTableAdmin, ReadOnlyAdmin, TimeFilter, WordFilter
from stations.admin import find, words
from stations.models import Connector, StatusChange


def of_connector(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """``rows`` of the connector written as ``CP-1/2``; none where there is none."""
    row = find.connector(text)
    return rows.filter(connector=row) if row else rows.none()


def connector_link(row: Connector | None) -> SafeString:
    """A connector as station and number, with a link to the station."""
    if row is None:
        return display.NOTHING
    return display.link(row.station, f"{row.station.cp_id} / {row.connector_id}")


class ConnectorFilter(WordFilter):
    """By one connector."""

    title = lazy("connector (CP-1/2)")
    parameter_name = "connector"
    matching = staticmethod(of_connector)


class StationNameFilter(WordFilter):
    """By the connectors of one station."""

    title = lazy("station")
    parameter_name = "station"

    @staticmethod
    def matching(rows: QuerySet[Any], cp_id: str) -> QuerySet[Any]:
        """Rows of the station's connectors: few, so their ids are looked up first."""
        ids = Connector.objects.filter(station__cp_id__iexact=cp_id).values_list("pk", flat=True)
        return rows.filter(connector_id__in=list(ids[:1000]))


class ReceivedFilter(TimeFilter):
    """By when it was received."""

    @staticmethod
    def since(rows: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
        """Received after ``moment``."""
        return rows.filter(received_at__gte=moment)


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Every StatusNotification that came, kept as long as the message log."""

    list_display = ("reported", "at_connector", "word", "error", "information", "received")
    list_select_related = ("connector__station",)
    ordering_in_range = ("-received_at", "-id")
    newest_along = Along("connector", "reported_at")
    list_filter = (ReceivedFilter, StationNameFilter, ConnectorFilter)
    search_fields = ("id",)
    search_help_text = lazy("Connector as CP-1/2, or identity of a station")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "at_connector",
                    "word",
                    "error",
                    "vendor_error",
                    "information",
                    "reported",
                    "as_sent",
                    "received",
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StatusChange], search_term: str
    ) -> tuple[QuerySet[StatusChange], bool]:
        """By connector, else by station."""
        text = search_term.strip()
        if not text:
            return queryset, False
        row = find.connector(text)
        if row is not None:
            return queryset.filter(connector=row), False
        ids = Connector.objects.filter(station_id__in=find.stations(text))
        return queryset.filter(connector_id__in=list(ids.values_list("pk", flat=True))), False

    @admin.display(description=lazy("Reported"))
    def reported(self, row: StatusChange) -> SafeString:
        """The station's time of it."""
        return display.when(row.reported_at)

    @admin.display(description=lazy("As sent"))
    def as_sent(self, row: StatusChange) -> str | SafeString:
        """The text of that time."""
        return row.reported_at_raw or display.NOTHING

    @admin.display(description=lazy("Connector"))
    def at_connector(self, row: StatusChange) -> SafeString:
        """Station and number."""
        return connector_link(row.connector)

    @admin.display(description=lazy("Status"))
    def word(self, row: StatusChange) -> SafeString:
        """What it was then."""
        return words.connector(Connector(status=row.status, connector_id=0))

    @admin.display(description=lazy("Error"))
    def error(self, row: StatusChange) -> str | SafeString:
        """The error code, unless there is no error."""
        return row.error_code if row.error_code not in ("", "NoError") else display.NOTHING

    @admin.display(description=lazy("Vendor's error"))
    def vendor_error(self, row: StatusChange) -> str | SafeString:
        """The vendor's own code."""
        return row.vendor_error_code or display.NOTHING

    @admin.display(description=lazy("Information"))
    def information(self, row: StatusChange) -> str | SafeString:
        """What the station said about it."""
        return format_html("{}", row.info) if row.info else display.NOTHING

    @admin.display(description=lazy("Received"))
    def received(self, row: StatusChange) -> SafeString:
        """When it reached us."""
        return display.ago(row.received_at)
