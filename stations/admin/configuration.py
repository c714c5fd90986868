"""Configuration: what a station's page shows of its settings, and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter, TimeFilter
from cms.shared.dialogs import DialogForm
from stations.models import (
    ChargingStation,
    ConfigurationChange,
    ConfigurationRead,
    ConfigurationTemplate,
)
from stations.services import templates

_WORDS = {"different": "amber", "missing": "grey", "readonly": "red", "unknown": "red"}


def panel(station: ChargingStation) -> dict[str, Any]:
    """How reading the configuration of ``station`` goes, and what differs from its template."""
    found = templates.fitting(station)
    rows: list[templates.Difference] = []
    if found:
        rows = templates.differences(template=found[0], stations=[station])[station.pk]
    history = reverse("admin:stations_configurationchange_changelist")
    return {
        "read": ConfigurationRead.objects.filter(station=station).first(),
        "reboot_required": station.reboot_required_at is not None,
        "template": found[0] if found else None,
        "differences": [
            {"row": row, "word": display.pill(row.verdict, _WORDS[row.verdict])}
            for row in rows
            if row.verdict != templates.SAME
        ],
        "history_url": f"{history}?{urlencode({'station__id__exact': station.pk})}",
    }


class ApplyForm(DialogForm):
    """Which template, with what it would change at this station."""

    obj: ChargingStation
    template = forms.ModelChoiceField(ConfigurationTemplate.objects.all(), empty_label=None)
    queue = forms.BooleanField(
        label="Wait for it", required=False, help_text="Up to a day, where it is not connected"
    )

    def prepare(self) -> None:
        """The template of its model first, and what that would change."""
        found = templates.fitting(self.obj)
        if not ConfigurationTemplate.objects.exists():
            self.refuse("There is no template yet.")
        if found:
            self.fields["template"].initial = found[0].pk
            plan = templates.plan(template=found[0], stations=[self.obj])
            self.warn(f"{found[0]}: {say(plan)}")


def say(plan: templates.Plan) -> str:
    """What a plan does, in words."""
    parts = [
        f"{plan.stations} stations" if plan.stations != 1 else "1 station",
        f"{plan.in_step} need nothing" if plan.in_step else "",
        f"{plan.commands} settings to send",
        f"{plan.skipped} that cannot be set" if plan.skipped else "",
        f"{plan.away} stations not connected" if plan.away else "",
    ]
    return ", ".join(filter(None, parts)) + "."


class ChangedFilter(TimeFilter):
    """By when it was noticed."""

    @staticmethod
    def since(rows: QuerySet[ConfigurationChange], moment: datetime) -> QuerySet[Any]:
        """Noticed after ``moment``."""
        return rows.filter(at__gte=moment)


@admin.register(ConfigurationChange)
class ConfigurationChangeAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Settings that became others, newest first."""

    list_display = ("key", "at_station", "before", "after", "how", "by", "noticed")
    list_display_links = ("key",)
    list_select_related = ("station", "command", "changed_by")
    list_filter = (ChangedFilter, ("station", RelatedFilter), ("cause", ChoiceFilter))
    search_fields = ("key__istartswith",)
    search_help_text = "Key begins with …"
    fieldsets = (
        (None, {"fields": ("at_station", "key", "before", "after", "how", "by", "noticed")}),
    )

    @admin.display(description="Station")
    def at_station(self, row: ConfigurationChange) -> SafeString:
        """Whose setting."""
        return display.link(row.station)

    @admin.display(description="Before")
    def before(self, row: ConfigurationChange) -> str | SafeString:
        """What it was, as far as we knew."""
        return display.NOTHING if row.old_value is None else row.old_value[:200]

    @admin.display(description="After")
    def after(self, row: ConfigurationChange) -> str:
        """What it is."""
        return row.new_value[:200]

    @admin.display(description="Through")
    def how(self, row: ConfigurationChange) -> SafeString | str:
        """The command that changed or found it."""
        words = row.get_cause_display()
        return display.link(row.command, words) if row.command else words

    @admin.display(description="By")
    def by(self, row: ConfigurationChange) -> object:
        """The person who asked for it."""
        return row.changed_by or display.NOTHING

    @admin.display(description="Noticed")
    def noticed(self, row: ConfigurationChange) -> SafeString:
        """When."""
        return display.when(row.at)
