"""Configuration templates: what the stations of one model should be, and making many of them so."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, dialogs, display, scoping
from cms.shared.admin import ModelAdmin, Textarea
from cms.shared.dialogs import ShownFirstForm, dialog
from stations.admin import find
from stations.admin.configuration import say
from stations.models import ChargingStation, ConfigurationTemplate, Site
from stations.models.templates import check_settings
from stations.services import templates
from stations.services.configuration import is_secret

_QUEUE_S = 86400


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template, its settings as lines."""

    lines = forms.CharField(
        label=lazy("Settings"),
        widget=Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=lazy("One in each line: HeartbeatInterval = 300"),
    )

    class Meta:
        model = ConfigurationTemplate
        fields = ("name", "vendor", "model", "firmware", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = self.instance.settings
        if "lines" in self.fields:  # not for who may only look
            shown = "\n".join(f"{key} = {value}" for key, value in settings.items())
            self.fields["lines"].initial = shown

    def clean_lines(self) -> str:
        """Keys and values; each line that is none is named."""
        settings = {}
        text: str = self.cleaned_data["lines"]
        for line in filter(None, map(str.strip, text.splitlines())):
            key, equals, value = (part.strip() for part in line.partition("="))
            if not equals:
                raise forms.ValidationError(
                    _("%(line)s should be a key, “=” and a value.") % {"line": line[:60]}
                )
            if is_secret(key):
                raise forms.ValidationError(
                    _("%(key)s is a password, which no template holds.") % {"key": key}
                )
            settings[key] = value
        check_settings(settings)
        self.instance.settings = settings
        return text


class BulkApplyForm(ShownFirstForm):
    """Which stations."""

    obj: ConfigurationTemplate
    site = forms.ModelChoiceField(
        Site.objects.all(),
        label=lazy("Site"),
        required=False,
        empty_label=lazy("All stations of the template's model"),
    )
    stations = forms.CharField(
        label=lazy("Stations"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=lazy("Or their identities, separated by spaces"),
    )
    queue = forms.BooleanField(
        label=lazy("Wait for stations that are away"),
        required=False,
        help_text=lazy("Up to a day; else they are passed over"),
    )

    def clean_stations(self) -> list[ChargingStation]:
        """Those named; one nobody knows is an error."""
        return find.all_named(self.cleaned_data["stations"], self.request.user)

    def clean(self) -> dict[str, Any]:
        """Show the plan before it is carried out."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        site, named = cleaned.get("site"), cleaned["stations"]
        meant = named or (
            list(site.stations.all()[: templates.MOST_STATIONS])
            if site
            else templates.of_model(self.obj, limit=scoping.limit_of(self.request.user))
        )
        plan = templates.plan(template=self.obj, stations=meant)
        self.show_first(("blue", say(plan)))
        return {**cleaned, "meant": meant}


@admin.register(ConfigurationTemplate)
class ConfigurationTemplateAdmin(ModelAdmin):
    """What stations should be; applied to one from its page, to many from here."""

    form = TemplateForm
    list_display = ("name", "vendor", "model", "firmware", "keys", "note")
    search_fields = ("name__istartswith", "vendor__istartswith", "model__istartswith")
    search_help_text = lazy("Name, vendor or model begins with …")
    fieldsets = (
        (None, {"fields": ("name", "note")}),
        (lazy("For stations with"), {"fields": ("vendor", "model", "firmware")}),
        (lazy("Settings"), {"fields": ("lines",)}),
    )
    actions_detail = ["apply_to_many"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees the settings as they are stored."""
        if self.has_change_permission(request, obj) or obj is None:
            return super().get_fieldsets(request, obj)
        return (*self.fieldsets[:2], (_("Settings"), {"fields": ("shown",)}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The settings, for who may only look."""
        return ("shown",)

    def has_apply_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may change the settings of many stations."""
        return request.user.has_perm("stations.add_commandbatch")

    def save_model(
        self, request: HttpRequest, obj: ConfigurationTemplate, form: Any, change: bool
    ) -> None:
        """Add or change a template."""
        templates.save(template=obj)

    def delete_model(self, request: HttpRequest, obj: ConfigurationTemplate) -> None:
        """Forget a template."""
        templates.delete(template=obj)

    @dialog(
        title=lazy("Apply"),
        permission="apply",
        form=BulkApplyForm,
        submit=lazy("Apply"),
        text=lazy("Sends to each station what differs, a few stations at a time."),
        icon="rule_settings",
        look="primary",
    )
    def apply_to_many(self, request: HttpRequest, template: Any, form: Any) -> HttpResponse:
        """Make stations what the template says."""
        batch = templates.apply(
            template=template,
            stations=form.cleaned_data["meant"],
            at=clock.now(),
            requested_by_id=request.user.pk,
            queue_s=_QUEUE_S if form.cleaned_data["queue"] else None,
        )
        return dialogs.leave(request, display.page(batch))

    @admin.display(description=lazy("Keys"))
    def keys(self, row: ConfigurationTemplate) -> int:
        """How many."""
        return len(row.settings)

    @admin.display(description=lazy("Settings"))
    def shown(self, row: ConfigurationTemplate) -> Any:
        """As they are stored."""
        return display.payload(row.settings)
