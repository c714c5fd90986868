"""Configuration: what a station's page shows of its settings, and their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.utils.translation import gettext_lazy as lazy

from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter, TimeFilter
from cms.shared.dialogs import DialogForm
from stations.models import (
    ChargingStation,
    ConfigurationChange,
    ConfigurationKey,
    ConfigurationRead,
    ConfigurationTemplate,
)
from stations.services import templates

_TEMPLATES = 50
_TONES = {"different": "amber", "missing": "grey", "readonly": "red", "unknown": "red"}
_VERDICTS = {
    "different": gettext_lazy("different"),
    "missing": gettext_lazy("not read"),
    "readonly": gettext_lazy("read-only"),
    "unknown": gettext_lazy("unknown to it"),
}


def panel(
    station: ChargingStation, keys: Sequence[ConfigurationKey], chosen: str = ""
) -> dict[str, Any]:
    """How reading the configuration of ``station`` goes, and what differs from a template.

    ``keys`` are what is known of it; ``chosen`` the number of a template, else the closest.
    """
    read = ConfigurationRead.objects.filter(station=station).first()
    offered = list(ConfigurationTemplate.objects.all()[:_TEMPLATES])
    fit = templates.closest(offered, station)
    template = next((row for row in offered if str(row.pk) == chosen), fit[0] if fit else None)
    unknown = read.unknown_keys if read else []
    rows = templates.compared(template=template, keys=keys, unknown=unknown) if template else []
    return {
        "read": read,
        "reboot_required": station.reboot_required_at is not None,
        "template": template,
        "templates": offered,
        "differences": [
            {"row": row, "word": display.pill(str(_VERDICTS[row.verdict]), _TONES[row.verdict])}
            for row in rows
            if row.verdict != templates.SAME
        ],
    }


class ApplyForm(DialogForm):
    """Which template, with what it would change at this station."""

    obj: ChargingStation
    template = forms.ModelChoiceField(
        ConfigurationTemplate.objects.all(), label=lazy("Template"), empty_label=None
    )
    queue = forms.BooleanField(
        label=lazy("Wait for it"),
        required=False,
        help_text=lazy("Up to a day, where it is not connected"),
    )

    def prepare(self) -> None:
        """The template of its model first, and what that would change."""
        found = templates.fitting(self.obj)
        if not ConfigurationTemplate.objects.exists():
            self.refuse(_("There is no template yet."))
        if found:
            self.fields["template"].initial = found[0].pk
            plan = templates.plan(template=found[0], stations=[self.obj])
            self.warn(f"{found[0]}: {say(plan)}")


def say(plan: templates.Plan) -> str:
    """What a plan does, in words."""
    parts = [
        ngettext("%(n)s station", "%(n)s stations", plan.stations) % {"n": plan.stations},
        _("%(count)s need nothing") % {"count": plan.in_step} if plan.in_step else "",
        ngettext("%(n)s setting to send", "%(n)s settings to send", plan.commands)
        % {"n": plan.commands},
        _("%(count)s that cannot be set") % {"count": plan.skipped} if plan.skipped else "",
        _("%(count)s stations not connected") % {"count": plan.away} if plan.away else "",
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
    search_help_text = lazy("Key begins with …")
    fieldsets = (
        (None, {"fields": ("at_station", "key", "before", "after", "how", "by", "noticed")}),
    )

    @admin.display(description=lazy("Station"))
    def at_station(self, row: ConfigurationChange) -> SafeString:
        """Whose setting."""
        return display.link(row.station)

    @admin.display(description=lazy("Before"))
    def before(self, row: ConfigurationChange) -> str | SafeString:
        """What it was, as far as we knew."""
        return display.NOTHING if row.old_value is None else row.old_value[:200]

    @admin.display(description=lazy("After"))
    def after(self, row: ConfigurationChange) -> str:
        """What it is."""
        return row.new_value[:200]

    @admin.display(description=lazy("Through"))
    def how(self, row: ConfigurationChange) -> SafeString | str:
        """The command that changed or found it."""
        words = row.get_cause_display()
        return display.link(row.command, words) if row.command else words

    @admin.display(description=lazy("By"))
    def by(self, row: ConfigurationChange) -> object:
        """The person who asked for it."""
        return row.changed_by or display.NOTHING

    @admin.display(description=lazy("Noticed"))
    def noticed(self, row: ConfigurationChange) -> SafeString:
        """When."""
        return display.when(row.at)
