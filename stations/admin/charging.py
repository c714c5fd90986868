"""Smart charging at a station: its dialogs, and what its page shows of profiles and schedules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.dialogs import DialogForm
from stations import selectors
from stations.admin import words
from stations.admin.forms import StationForm
from stations.admin.periods import schedule_table
from stations.models import AssignmentState, ChargingProfile, ChargingStation, ProfilePurpose
from stations.models.charging_profiles import OPEN, RateUnit
from stations.services.assignments import Asker

_ROWS = 20
_WHOLE = ("0", lazy("The whole station"))


class SetProfileForm(StationForm):
    """Which profile, at which connector."""

    profile = forms.ModelChoiceField(
        ChargingProfile.objects.all(), label=lazy("Profile"), empty_label=None
    )
    connector_id = forms.ChoiceField(label=lazy("Connector"))

    def prepare(self) -> None:
        """All profiles; the whole station or one outlet."""
        super().prepare()
        self.offer_connectors(_WHOLE)
        if not ChargingProfile.objects.exists():
            self.refuse(_("There is no charging profile yet: define one first."))


class ClearProfileForm(StationForm):
    """One that is in force, or all that match."""

    number = forms.ChoiceField(label=lazy("Profile"), required=False)
    connector_id = forms.ChoiceField(label=lazy("Connector"), required=False)
    purpose = forms.ChoiceField(label=lazy("Purpose"), required=False)
    stack_level = forms.IntegerField(
        label=lazy("Stack level"), required=False, min_value=0, max_value=2**31 - 1
    )

    def prepare(self) -> None:
        """What is in force, by its number."""
        super().prepare()
        self.offer_connectors(("", _("Any")), _WHOLE)
        rows = selectors.profile_assignments().filter(
            station=self.obj, state=AssignmentState.ACCEPTED
        )[:100]
        for name, choices in (
            (
                "number",
                [("", _("All that match")), *((str(r.number), words.in_line(r)) for r in rows)],
            ),
            ("purpose", [("", _("Any")), *ProfilePurpose.choices]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def criteria(self) -> dict[str, Any]:
        """ClearChargingProfile.req: by its number alone, else by the others."""
        wanted = self.cleaned_data
        if wanted["number"]:
            return {"id": int(wanted["number"])}
        members = {
            "connectorId": int(wanted["connector_id"]) if wanted["connector_id"] else None,
            "chargingProfilePurpose": wanted["purpose"] or None,
            "stackLevel": wanted["stack_level"],
        }
        return {name: value for name, value in members.items() if value is not None}


class CompositeForm(StationForm):
    """Which connector, how far ahead, in which unit."""

    connector_id = forms.ChoiceField(label=lazy("Connector"))
    hours = forms.IntegerField(
        label=lazy("For how many hours"), initial=24, min_value=1, max_value=168
    )
    unit = forms.ChoiceField(
        label=lazy("Unit"),
        required=False,
        choices=lambda: [("", _("The station's own")), *RateUnit.choices],
    )

    def prepare(self) -> None:
        """The whole station or one outlet."""
        super().prepare()
        self.offer_connectors(_WHOLE)

    def payload(self) -> dict[str, Any]:
        """GetCompositeSchedule.req."""
        wanted = self.cleaned_data
        unit = {"chargingRateUnit": wanted["unit"]} if wanted["unit"] else {}
        return {
            "connectorId": int(wanted["connector_id"]),
            "duration": wanted["hours"] * 3600,
            **unit,
        }


def asker(request: HttpRequest, form: DialogForm) -> Asker:
    """The person at the dialog; asked once however often its button is pressed."""
    return Asker(clock.now(), request.user.pk, idempotency_key=form.idempotency_key())


def shown(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What the page of ``station`` shows: profiles in force or asked for, schedules read back."""
    if not request.user.has_perm("stations.view_profileassignment"):
        return {"assigned": None}
    rows = selectors.profile_assignments().filter(station=station, state__in=OPEN)[:_ROWS]
    composites = selectors.composite_schedules().filter(connector__station=station)[:_ROWS]
    return {
        "assigned": [
            {
                "link": display.link(row, words.profile_name(row)),
                "connector": words.at_connector(row),
                "purpose": row.get_purpose_display(),
                "level": row.stack_level,
                "state": words.assignment(row),
                "when": display.ago(row.answered_at or row.requested_at),
            }
            for row in rows
        ],
        "composites": [
            {
                "connector": row.connector.connector_id or "0",
                "when": display.ago(row.read_at),
                "table": schedule_table(row.schedule) if row.schedule else row.status,
            }
            for row in composites
        ],
    }
