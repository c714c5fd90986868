"""Sites: the list, what the map shows, and the page of a site with its stations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Field, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, display, scoping
from cms.shared.admin import LongSelect, ModelAdmin
from stations.admin import hours, site_map, site_page, site_states
from stations.models import Site
from stations.services import sites


def time_zone_field(db_field: Field[Any, Any]) -> Any:
    """A choice among the zones there are, instead of a text one has to know."""
    names = [(name, name) for name in clock.zones()]
    return db_field.formfield(widget=LongSelect(choices=names))


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A site; its opening hours as people type them."""

    opening_hours = hours.HoursField()

    def clean(self) -> dict[str, Any]:
        """A place has both numbers."""
        cleaned: dict[str, Any] = super().clean() or {}
        names = ("latitude", "longitude")
        lacking = [name for name in names if cleaned.get(name) is None and name not in self.errors]
        if len(lacking) == 1:
            self.add_error(lacking[0], _("A place needs both, latitude and longitude."))
        return cleaned


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    """Places; plain rows, edited here."""

    form = SiteForm
    list_display = ("name", "where", "stations_here", "states", "open_now")
    autocomplete_fields = ("card_groups",)
    readonly_fields = ("picker",)
    search_fields = ("name__istartswith", "city__istartswith")
    search_help_text = gettext_lazy("Name or city begins with …")
    change_form_outer_before_template = "admin/stations/site_head.html"
    fieldsets = (
        (None, {"fields": ("name", "address", ("postal_code", "city"), "country", "time_zone")}),
        (gettext_lazy("On the map"), {"fields": (("latitude", "longitude"), "picker")}),
        (gettext_lazy("Opening hours"), {"fields": ("opening_hours",)}),
        (gettext_lazy("Local lists"), {"fields": ("card_groups",)}),
    )

    class Media:
        css = {"all": ("vendor/leaflet/1.9.4/leaflet.css", "voltdesk/map.css")}
        js = (
            "vendor/leaflet/1.9.4/leaflet.js",
            "vendor/topojson-client/3.1.0/topojson-client.min.js",
            "voltdesk/map.js",
            "voltdesk/site_picker.js",
        )

    def get_urls(self) -> list[Any]:
        """Plus what maps show, and the live part of a site's page."""
        view = self.admin_site.admin_view
        return [
            path("map/", view(self.places), name="stations_site_map"),
            path("<int:pk>/live/", view(self.live), name="stations_site_live"),
            *super().get_urls(),
        ]

    def places(self, request: HttpRequest) -> JsonResponse:
        """The sites somebody may see as GeoJSON, with how their stations stand."""
        if not site_map.may_see(request):
            raise PermissionDenied
        shown = site_map.geojson(self.get_queryset(request))
        return JsonResponse(shown, content_type="application/geo+json")

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that renews itself."""
        shown = site_page.live(request, self.found(request, str(pk)))
        return render(request, "admin/stations/site_live.html", shown)

    def around(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        """The stations that stand there, above the form."""
        return site_page.live(request, site)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not who is limited to some: they would not see it."""
        is_limited = scoping.limit_of(request.user) is not None
        return not is_limited and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        """Store what was edited, and tell maps of it."""
        sites.save(site=obj)

    def delete_model(self, request: HttpRequest, obj: Site) -> None:
        """Remove it, and tell maps of it."""
        sites.delete(site=obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        """With how many stations stand there."""
        rows: QuerySet[Site] = super().get_queryset(request)
        return rows.annotate(station_count=Count("stations"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, its stations counted by their states in one query."""
        changes = super().get_changelist_instance(request)
        rows = list(changes.result_list)
        counts = site_states.of_sites([row.pk for row in rows])
        for row in rows:
            row.counts = counts.get(row.pk, {})
        changes.result_list = rows
        return changes

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Time zones are chosen, not typed."""
        if db_field.name == "time_zone":
            return time_zone_field(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("Address"), ordering="city")
    def where(self, site: Site) -> str | SafeString:
        """Street and town in one line."""
        return site_map.address(site) or display.NOTHING

    @admin.display(description=gettext_lazy("Stations"), ordering="station_count")
    def stations_here(self, site: Any) -> SafeString:
        """How many stations, with a link to them."""
        address = reverse("admin:stations_chargingstation_changelist")
        return format_html(
            '<a class="vd-link" href="{}?site__id__exact={}">{}</a>',
            address,
            site.pk,
            site.station_count,
        )

    @admin.display(description=gettext_lazy("State"))
    def states(self, site: Any) -> SafeString:
        """How its stations stand, the worst first."""
        return site_states.pills(site.counts)

    @admin.display(description=gettext_lazy("Open now"))
    def open_now(self, site: Site) -> SafeString:
        """By its opening hours and its own clock."""
        return site_page.open_now(site)

    @admin.display(description=gettext_lazy("Map"))
    def picker(self, site: Site | None) -> SafeString:
        """Where it is; where one may change it, to click at."""
        place = (site.latitude, site.longitude) if site else (None, None)
        latitude, longitude = ("" if degrees is None else str(degrees) for degrees in place)
        context = {"map": site_map.frame(), "latitude": latitude, "longitude": longitude}
        return render_to_string("admin/stations/site_picker.html", context)
