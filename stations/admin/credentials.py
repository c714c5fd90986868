"""Keys and security profiles in the admin: the dialogs, and the upgrades step by step."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin, RelatedFilter
from cms.shared.dialogs import dialog, leave
from stations.admin import find, progress
from stations.admin.forms import StationForm
from stations.admin.steps import Step
from stations.models import ProfileUpgrade, SecurityProfile, UpgradeOutcome, UpgradeStep
from stations.services import profiles, rotation, upgrades
from stations.services.asking import Request

_TONES = {UpgradeOutcome.OPEN: "blue", UpgradeOutcome.DONE: "green"}
_STATES = {UpgradeOutcome.OPEN: "now", UpgradeOutcome.DONE: "done", UpgradeOutcome.FAILED: "failed"}


class RotateForm(StationForm):
    """Which key."""

    key = forms.CharField(
        label=lazy("New key"),
        required=False,
        min_length=16,
        max_length=40,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=lazy("Empty: one nobody can guess is made, and shown to nobody"),
    )


class UpgradeForm(StationForm):
    """Which profile."""

    profile = forms.TypedChoiceField(label=lazy("Profile"), coerce=int)

    def prepare(self) -> None:
        """Only higher ones; none where there is none."""
        super().prepare()
        own = profiles.required(self.obj)
        field = self.fields["profile"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [choice for choice in SecurityProfile.choices if choice[0] > own]
        if not field.choices:
            self.refuse(str(_("There is no higher profile.")))


def request_of(request: HttpRequest, form: Any) -> Request:
    """Who asks, once for each dialog however often its button is pressed."""
    return Request(clock.now(), request.user.pk, idempotency_key=form.idempotency_key())


@dialog(
    title=_("Change key over the air"),
    permission="key",
    form=RotateForm,
    submit=_("Change it"),
    text=_(
        "The station is told to use a new key. Until it has connected with it, the old one is "
        "taken as well."
    ),
    icon="sync_lock",
)
def rotate_key(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Give the station a new key."""
    key = form.cleaned_data["key"] or None
    command = rotation.rotate(station=station, key=key, request=request_of(request, form))
    self.log_change(request, station, "Told it to use a new key.")
    return progress.respond(self, request, station, command)


@dialog(
    title=_("Raise security profile"),
    permission="key",
    form=UpgradeForm,
    submit=_("Raise it"),
    text=_(
        "The station is given the key or the certificate it needs, told to use the profile, and "
        "restarted. Until it has connected with it, the old one counts. It is never lowered this "
        "way."
    ),
    icon="shield_lock",
)
def upgrade_profile(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Take the station to a higher profile."""
    upgrade = upgrades.begin(
        station=station,
        profile=form.cleaned_data["profile"],
        request=request_of(request, form),
    )
    self.log_change(request, station, f"Began to raise its profile to {upgrade.to_profile}.")
    return leave(request, display.page(upgrade))


@admin.register(ProfileUpgrade)
class ProfileUpgradeAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Upgrades of security profiles, newest first."""

    list_display = ("number", "stands", "at_station", "from_profile", "to_profile", "asked", "by")
    list_display_links = ("number",)
    list_select_related = ("station", "requested_by")
    list_filter = (("outcome", ChoiceFilter), ("station", RelatedFilter))
    search_fields = ("id",)
    search_help_text = lazy("Identity of a station begins with …")
    change_form_outer_before_template = "admin/stations/upgrade_head.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("stands", "reason"),
                    ("at_station", "of_command"),
                    ("from_profile", "to_profile"),
                    ("requested", "ended", "by"),
                )
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        """Plus the steps, asked for every second while it goes on."""
        view = self.admin_site.admin_view(self.steps)
        own = path("<int:pk>/steps/", view, name="stations_profileupgrade_steps")
        return [own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProfileUpgrade], search_term: str
    ) -> tuple[QuerySet[ProfileUpgrade], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    def around(self, request: HttpRequest, upgrade: ProfileUpgrade) -> dict[str, Any]:
        """The facts, with the steps on top."""
        return {"upgrade": upgrade, "steps": steps_of(upgrade)}

    def steps(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that renews itself."""
        self.may_look(request)
        upgrade = get_object_or_404(self.get_queryset(request).select_related("station"), pk=pk)
        shown = {"upgrade": upgrade, "steps": steps_of(upgrade)}
        return render(request, "admin/stations/upgrade_head.html", shown)

    @admin.display(description=lazy("No."))
    def number(self, row: ProfileUpgrade) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def stands(self, row: ProfileUpgrade) -> SafeString:
        """How it ended, or the step it is at."""
        word = row.get_step_display() if row.outcome == "Open" else row.get_outcome_display()
        return display.pill(word, _TONES.get(UpgradeOutcome(row.outcome), "red"), row.reason)

    @admin.display(description=lazy("Station"))
    def at_station(self, row: ProfileUpgrade) -> SafeString:
        """Whose."""
        return display.link(row.station)

    @admin.display(description=lazy("Asked with"))
    def of_command(self, row: ProfileUpgrade) -> SafeString:
        """The command of the step."""
        return display.link(row.command)

    @admin.display(description=lazy("Asked"))
    def asked(self, row: ProfileUpgrade) -> SafeString:
        """How long ago."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Asked"))
    def requested(self, row: ProfileUpgrade) -> SafeString:
        """Exactly."""
        return display.when(row.requested_at)

    @admin.display(description=lazy("Over since"))
    def ended(self, row: ProfileUpgrade) -> SafeString:
        """Exactly."""
        return display.when(row.ended_at)

    @admin.display(description=lazy("Asked by"))
    def by(self, row: ProfileUpgrade) -> object:
        """The person, or a program."""
        return row.requested_by or display.NOTHING


def steps_of(upgrade: ProfileUpgrade) -> list[Step]:
    """What is behind it, where it is, and how it ended."""
    at_step = list(UpgradeStep).index(UpgradeStep(upgrade.step))
    needed = _needed(upgrade, at_step)
    behind = [Step("done", step.label) for step in needed]
    if upgrade.outcome == UpgradeOutcome.DONE:
        text = str(_("It connected with profile %(number)s") % {"number": upgrade.to_profile})
        return [*behind, Step("done", text, "", upgrade.ended_at)]
    state = _STATES[UpgradeOutcome(upgrade.outcome)]
    now = Step(state, upgrade.get_step_display(), upgrade.reason, upgrade.step_at)
    return [Step("done", str(_("Asked")), "", upgrade.requested_at), *behind, now]


def _needed(upgrade: ProfileUpgrade, until: int) -> list[UpgradeStep]:
    """The steps every upgrade of this kind has taken before the present one."""
    return [step for step in list(UpgradeStep)[:until] if step == UpgradeStep.PROFILE]
