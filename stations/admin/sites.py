"""Sites: where stations stand."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.contrib import admin
from django.db.models import Count, Field, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cms.shared.admin import ModelAdmin, Select
from stations.models import Site


def time_zone_field(db_field: Field[Any, Any]) -> Any:
    """A choice among the zones there are, instead of a text one has to know."""
    names = [(name, name) for name in sorted(zoneinfo.available_timezones())]
    return db_field.formfield(widget=Select(choices=names))


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    """Places; plain rows, edited here."""

    list_display = ("name", "address", "city", "country", "stations_here")
    autocomplete_fields = ("card_groups",)
    search_fields = ("name__istartswith", "city__istartswith")
    search_help_text = "Name or city begins with …"
    fieldsets = (
        (None, {"fields": ("name", "address", ("postal_code", "city"), "country", "time_zone")}),
        ("Local lists", {"fields": ("card_groups",)}),
        ("On the map", {"fields": (("latitude", "longitude"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """With how many stations stand there."""
        rows: QuerySet[Site] = super().get_queryset(request)
        return rows.annotate(station_count=Count("stations"))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Time zones are chosen, not typed."""
        if db_field.name == "time_zone":
            return time_zone_field(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Stations", ordering="station_count")
    def stations_here(self, site: Any) -> SafeString:
        """How many stations, with a link to them."""
        address = reverse("admin:stations_chargingstation_changelist")
        return format_html(
            '<a class="vd-link" href="{}?site__id__exact={}">{}</a>',
            address,
            site.pk,
            site.station_count,
        )
