"""Quirks: what is known of models, how often it was needed; own ones added, any switched off."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import (
    BigTableAdmin,
    FixedFilter,
    ModelAdmin,
    ReadOnlyAdmin,
    RelatedFilter,
)
from stations import selectors
from stations.admin import find
from stations.admin.quirk_forms import QuirkForm, typed
from stations.models import KNOBS, REPAIRS, ChargingStation, Quirk, QuirkTally
from stations.services import quirks

_TALLIES = "admin:stations_quirktally_changelist"
_SHOWN = 20  # rows on a station's page


def panel(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What is tolerated of ``station``, for its page; only for whom may see it."""
    if not request.user.has_perm("stations.view_quirktally"):
        return {"tolerated": None}
    rows = QuirkTally.objects.filter(station=station)[:_SHOWN]
    known = quirks.settings(quirks.enabled(), station).values()
    return {
        "known": [(display.link(row, row.name), typed(row.value), row.note) for row in known]
        if request.user.has_perm("stations.view_quirk")
        else [],
        "tolerated": [
            {
                "words": _(row.words),
                "detail": row.detail,
                "times": f"{row.times:,}",
                "when": display.ago(row.last_seen_at),
            }
            for row in rows
        ],
        "tolerated_url": f"{reverse(_TALLIES)}?{urlencode({'station__id__exact': station.pk})}",
    }


class StateFilter(FixedFilter):
    """By whether it counts."""

    title = lazy("state")
    parameter_name = "enabled"
    options = (("1", lazy("On")), ("0", lazy("Off")))


class NameFilter(FixedFilter):
    """By what it is about."""

    title = lazy("what")
    parameter_name = "name"
    options = tuple((name, name) for name in KNOBS)


class KindFilter(FixedFilter):
    """By what was tolerated."""

    title = lazy("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, Any], ...]:
        """Repairs everybody gets, then what models need."""
        knobs = ((name, f"{name}: {_(knob.help)}") for name, knob in KNOBS.items())
        return (*((kind, _(text)) for kind, text in REPAIRS.items()), *knobs)


@admin.register(Quirk)
class QuirkAdmin(ModelAdmin):
    """What models need or get wrong. A change counts at once, also for who is connected."""

    form = QuirkForm
    list_display = ("what", "value_shown", "whom", "state", "times", "at_stations", "last_seen")
    list_display_links = ("what",)
    list_filter = (StateFilter, NameFilter)
    list_before_template = "admin/stations/repairs.html"
    search_fields = ("name__istartswith", "vendor__istartswith", "model__istartswith")
    search_help_text = lazy("Name, vendor or model begins with …")
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "value", "enabled", "note")}),
        (
            lazy("For stations with"),
            {
                "fields": ("vendor", "model", "firmware"),
                "description": lazy(
                    "* stands for any text, letter case does not count, and what is"
                    " left empty fits all. Of several the one with the most text counts."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quirk]:
        """With how often each was needed."""
        rows: QuerySet[Quirk] = super().get_queryset(request)
        return selectors.with_tallies(rows)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What came with the system stays what it is about; whether it counts may change."""
        return ("name", "vendor", "model", "firmware") if obj and obj.seeded else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Own ones only: what came with the system is switched off."""
        may: bool = super().has_delete_permission(request, obj)
        return may and (obj is None or not obj.seeded)

    def save_model(self, request: HttpRequest, obj: Quirk, form: Any, change: bool) -> None:
        """Add or change one."""
        quirks.save(quirk=obj)

    def delete_model(self, request: HttpRequest, obj: Quirk) -> None:
        """Forget one."""
        quirks.delete(quirk=obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the repairs everybody gets above it."""
        may_see = request.user.has_perm("stations.view_quirktally")
        shown = {"repairs": _repairs() if may_see else (), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, shown)
        return response

    @admin.display(description=lazy("What"), ordering="name")
    def what(self, row: Quirk) -> SafeString:
        """Its name, and what that is for."""
        return format_html(
            '<span class="vd-two"><strong>{}</strong><small>{}</small></span>',
            row.name,
            _(KNOBS[row.name].help),
        )

    @admin.display(description=lazy("Value"))
    def value_shown(self, row: Quirk) -> str:
        """As one types it."""
        return typed(row.value)

    @admin.display(description=lazy("For"), ordering="vendor")
    def whom(self, row: Quirk) -> str:
        """Vendor, model and firmware."""
        return " ".join(filter(None, [row.vendor, row.model, row.firmware])) or _("every station")

    @admin.display(description=lazy("State"), ordering="enabled")
    def state(self, row: Quirk) -> SafeString:
        """On or off, and where it comes from."""
        origin = _("came with the system") if row.seeded else _("added here")
        return display.pill(
            _("On") if row.enabled else _("Off"), "green" if row.enabled else "grey", origin
        )

    @admin.display(description=lazy("Times"), ordering="times")
    def times(self, row: Any) -> SafeString:
        """How often it made a difference, with whom."""
        if not row.times:
            return display.NOTHING
        address = f"{reverse(_TALLIES)}?{urlencode({'quirk': row.pk})}"
        return format_html(
            '<a class="vd-link vd-number" href="{}">{}</a>', address, f"{row.times:,}"
        )

    @admin.display(description=lazy("Stations"), ordering="at_stations")
    def at_stations(self, row: Any) -> SafeString:
        """At how many."""
        return format_html('<span class="vd-number">{}</span>', row.at_stations)

    @admin.display(description=lazy("Last seen"), ordering="last_seen_at")
    def last_seen(self, row: Any) -> SafeString:
        """How long ago."""
        return display.ago(row.last_seen_at)


@admin.register(QuirkTally)
class QuirkTallyAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was tolerated of which station, the latest first."""

    list_display = ("what", "of_station", "of_model", "times_shown", "detail", "last_seen")
    list_display_links = ("what",)
    list_select_related = ("station",)
    list_filter = (KindFilter, ("station", RelatedFilter))
    allowed_lookups = ("quirk",)
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("what", "of_station", "of_model", "of_quirk"),
                    *("times_shown", "detail", "first_seen", "last_seen"),
                )
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[QuirkTally], search_term: str
    ) -> tuple[QuerySet[QuirkTally], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    @admin.display(description=lazy("What"))
    def what(self, row: QuirkTally) -> SafeString:
        """Its kind, in words."""
        return format_html(
            '<span class="vd-two"><strong>{}</strong><small>{}</small></span>',
            row.kind,
            _(row.words),
        )

    @admin.display(description=lazy("Station"))
    def of_station(self, row: QuirkTally) -> SafeString:
        """Which."""
        return display.link(row.station)

    @admin.display(description=lazy("Model"))
    def of_model(self, row: QuirkTally) -> str | SafeString:
        """What the station is."""
        station = row.station
        parts = [station.vendor, station.model, station.firmware_version]
        return " ".join(filter(None, parts)) or display.NOTHING

    @admin.display(description=lazy("Known from"))
    def of_quirk(self, row: QuirkTally) -> SafeString:
        """The quirk that says so; nothing for what is tolerated of every model."""
        return display.link(row.quirk)

    @admin.display(description=lazy("Times"))
    def times_shown(self, row: QuirkTally) -> SafeString:
        """How often."""
        return format_html('<span class="vd-number">{}</span>', f"{row.times:,}")

    @admin.display(description=lazy("First seen"))
    def first_seen(self, row: QuirkTally) -> SafeString:
        """Exactly."""
        return display.when(row.first_seen_at)

    @admin.display(description=lazy("Last seen"))
    def last_seen(self, row: QuirkTally) -> SafeString:
        """How long ago."""
        return display.ago(row.last_seen_at)


def _repairs() -> list[tuple[str, str, str]]:
    """What is tolerated of every model: in words, how often, and the page of whom."""
    rows = QuirkTally.objects.filter(quirk=None).order_by().values_list("kind")
    return [
        (
            _(REPAIRS.get(kind, kind)),
            f"{times:,}",
            f"{reverse(_TALLIES)}?{urlencode({'kind': kind})}",
        )
        for kind, times in sorted(rows.annotate(times=Sum("times")))
    ]
