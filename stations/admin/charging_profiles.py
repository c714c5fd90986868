"""Charging profiles: their pages with the editor of periods, and the list of where they are."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from cms.shared import display, texts
from cms.shared.admin import (
    BigTableAdmin,
    ChoiceFilter,
    ModelAdmin,
    ReadOnlyAdmin,
    RelatedFilter,
)
from cms.shared.dialogs import DialogForm, dialog
from cms.shared.errors import DomainError
from stations.admin import charging, find, progress, words
from stations.admin.periods import PeriodsField
from stations.models import AssignmentState, ChargingProfile, ProfileAssignment
from stations.services import assignments, charging_profiles

_FIELDS = {  # OCPP's member: ours
    "stackLevel": "stack_level",
    "recurrencyKind": "recurrency",
    "validFrom": "valid_from",
    "validTo": "valid_to",
    "chargingSchedule.startSchedule": "start_schedule",
    "chargingSchedule.duration": "duration_s",
    "chargingSchedule.minChargingRate": "min_rate",
}


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A profile, its periods as a table."""

    periods = PeriodsField(
        label=lazy("Periods"),
        help_text=lazy(
            "The first one starts at 0:00. Amperes are per phase, watts for all phases."
            " Leave rows empty to remove them; saving gives more."
        ),
    )

    class Meta:
        model = ChargingProfile
        fields: ClassVar[list[str]] = [
            *("name", "purpose", "stack_level", "kind", "recurrency", "start_schedule"),
            *("duration_s", "valid_from", "valid_to", "rate_unit", "min_rate", "periods"),
        ]

    def clean(self) -> dict[str, Any]:
        """As a station may get it; what is wrong stands at its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                charging_profiles.check(ChargingProfile(**cleaned))
            except DomainError as error:
                for member, expected in texts.of_fields(error.fields).items():
                    field = _FIELDS.get(member, "periods")
                    row = member.rpartition("Period.")[2].partition(".")[0]
                    said = _("It %(expected)s.")
                    if row.isdigit():
                        said = _("Row %(number)s: it %(expected)s.")
                    number = int(row) + 1 if row.isdigit() else 0
                    self.add_error(
                        field, [said % {"number": number, "expected": text} for text in expected]
                    )
        return cleaned


@admin.register(ChargingProfile)
class ChargingProfileAdmin(ModelAdmin):
    """Limits over time, by name."""

    form = ProfileForm
    list_display = ("name", "purpose", "stack_level", "kind", "limits", "updated_at")
    list_filter = (("purpose", ChoiceFilter), ("kind", ChoiceFilter))
    search_fields = ("name__istartswith",)
    search_help_text = lazy("Name begins with …")
    fieldsets = (
        (None, {"fields": ("name", ("purpose", "stack_level"))}),
        (
            lazy("When"),
            {
                "fields": (
                    ("kind", "recurrency"),
                    "start_schedule",
                    "duration_s",
                    "valid_from",
                    "valid_to",
                )
            },
        ),
        (lazy("How much"), {"fields": (("rate_unit", "min_rate"), "periods")}),
    )

    def save_model(
        self, request: HttpRequest, obj: ChargingProfile, form: Any, change: bool
    ) -> None:
        """Define it, or change it for later use."""
        if change:
            charging_profiles.change(profile=obj, **form.cleaned_data)
        else:
            made = charging_profiles.define(**form.cleaned_data)
            obj.__dict__.update(made.__dict__)

    def delete_model(self, request: HttpRequest, obj: ChargingProfile) -> None:
        """Forget it; stations keep what they have of it."""
        charging_profiles.delete(profile=obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Only the profile: what stations have of it stays."""
        return [str(profile) for profile in objs], {}, set(), []

    @admin.display(description=lazy("Limits"))
    def limits(self, row: ChargingProfile) -> str:
        """Least and most of its periods."""
        rates = [period["limit"] for period in row.periods]
        if not rates:
            return "–"
        low, high = min(rates), max(rates)
        return f"{low:g} {row.rate_unit}" if low == high else f"{low:g} – {high:g} {row.rate_unit}"


class ClearForm(DialogForm):
    """Only a question."""

    obj: ProfileAssignment

    def prepare(self) -> None:
        """Say why it cannot be cleared, if so."""
        if self.obj.state != AssignmentState.ACCEPTED:
            self.refuse(
                _("It is not in force: %(state)s.") % {"state": self.obj.get_state_display()}
            )
        elif not self.obj.station.connection_id:
            self.refuse(
                _("%(station)s is offline. Nothing is sent, and nothing is queued.")
                % {"station": self.obj.station}
            )


@admin.register(ProfileAssignment)
class ProfileAssignmentAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What stations were given, newest first."""

    list_display = ("what", "state_word", "at_station", "outlet", "purpose", "stack_level", "asked")
    list_display_links = ("what",)
    list_select_related = ("station", "connector", "profile")
    list_filter = (("state", ChoiceFilter), ("station", RelatedFilter), ("purpose", ChoiceFilter))
    search_fields = ("number",)
    search_help_text = lazy("Identity of a station begins with …")
    actions_row = ["clear"]
    actions_detail = ["clear"]
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state_word", "answer"),
                    ("at_station", "outlet"),
                    ("purpose", "stack_level"),
                    ("of_profile", "number"),
                    ("of_session", "of_command"),
                    ("asked", "requested_by"),
                    ("answered_at", "ended_at"),
                    "in_ocpp",
                )
            },
        ),
    )

    def has_clear_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may send commands."""
        return request.user.has_perm("stations.add_command")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ProfileAssignment], search_term: str
    ) -> tuple[QuerySet[ProfileAssignment], bool]:
        """By station."""
        text = search_term.strip()
        return (find.at_stations(queryset, text) if text else queryset), False

    @dialog(
        title=pgettext_lazy("charging profiles", "Clear"),
        permission="clear",
        form=ClearForm,
        submit=lazy("Clear it"),
        text=lazy("The station is asked to forget it."),
        icon="layers_clear",
        danger=True,
    )
    def clear(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Let the station forget it."""
        command = assignments.clear(
            station=row.station,
            criteria={"id": row.number},
            asker=charging.asker(request, form),
        )
        return progress.respond(self, request, row, command)

    @admin.display(description=lazy("Profile"))
    def what(self, row: ProfileAssignment) -> str:
        """Its name, or its number at the station."""
        return words.profile_name(row)

    @admin.display(description=lazy("State"))
    def state_word(self, row: ProfileAssignment) -> SafeString:
        """Where it stands."""
        return words.assignment(row)

    @admin.display(description=lazy("Station"))
    def at_station(self, row: ProfileAssignment) -> SafeString:
        """Where."""
        return display.link(row.station)

    @admin.display(description=lazy("Connector"))
    def outlet(self, row: ProfileAssignment) -> str:
        """Its number, the station, or any."""
        return words.at_connector(row)

    @admin.display(description=lazy("Asked"))
    def asked(self, row: ProfileAssignment) -> SafeString:
        """When."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Named profile"))
    def of_profile(self, row: ProfileAssignment) -> SafeString:
        """What it was made from."""
        return display.link(row.profile)

    @admin.display(description=lazy("Session"))
    def of_session(self, row: ProfileAssignment) -> SafeString:
        """Whose it is."""
        return display.link(row.session)

    @admin.display(description=lazy("Sent with"))
    def of_command(self, row: ProfileAssignment) -> SafeString:
        """The command."""
        return display.link(row.command)

    @admin.display(description=lazy("As sent"))
    def in_ocpp(self, row: ProfileAssignment) -> SafeString:
        """csChargingProfiles."""
        return display.payload(row.sent)
