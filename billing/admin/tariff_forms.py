"""What people say when they make, publish or assign a tariff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import terms
from billing.admin.terms import TermsFields
from billing.models import LEVELS, PLACES, Tariff
from cms.shared import scoping
from cms.shared.dialogs import DialogForm
from rfid.models import CardGroup
from stations.models import ChargingStation, Connector, Site


class _ValidFrom(forms.Form):
    valid_from = forms.DateTimeField(
        label=lazy("Valid from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=lazy("Empty: now"),
    )


class NewTariffForm(TermsFields, _ValidFrom, DialogForm):
    """A tariff with its first terms."""

    field_order = ("name", "note")
    name = forms.CharField(label=lazy("Name"), max_length=100)
    note = forms.CharField(label=lazy("Note"), max_length=200, required=False)


class NewTermsForm(TermsFields, _ValidFrom, DialogForm):
    """The terms of a new version; those in force are filled in."""

    obj: Tariff

    def prepare(self) -> None:
        """Begin with the newest terms; the currency stays."""
        newest = self.obj.versions.order_by("-number").first()
        if newest is not None:
            self.initial = {**terms.initial(newest), **self.initial}
        self.fields["currency"].disabled = True
        self.fields["currency"].initial = self.obj.currency
        self.warn(_("Sessions that began before keep the terms they have."), "blue")


class AssignForm(DialogForm):
    """For whom or where it counts: one of these."""

    everywhere = forms.BooleanField(
        label=lazy("Everywhere"), required=False, help_text=lazy("Where nothing else counts")
    )
    site = forms.ModelChoiceField(Site.objects.all(), label=lazy("Site"), required=False)
    station = forms.CharField(
        label=lazy("Station"), max_length=100, required=False, help_text=lazy("Its identity")
    )
    connector = forms.IntegerField(
        label=lazy("Connector"),
        min_value=1,
        required=False,
        help_text=lazy("Of that station; empty: all of them"),
    )
    card_group = forms.ModelChoiceField(
        CardGroup.objects.all(), label=lazy("Card group"), required=False
    )
    user = forms.CharField(
        label=lazy("User"), max_length=150, required=False, help_text=lazy("User name")
    )

    def clean_station(self) -> Any:
        """The station itself."""
        return self._found(ChargingStation, "cp_id__iexact", "station")

    def clean_user(self) -> Any:
        """The user itself."""
        return self._found(get_user_model(), "username", "user")

    def clean(self) -> dict[str, Any]:
        """``level`` and ``target``."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["connector"] and cleaned["station"]:
            cleaned["connector"] = self._outlet(cleaned["station"], cleaned["connector"])
            cleaned["station"] = None
        chosen = [level for level in LEVELS if cleaned.get(level)]
        if len(chosen) != 1:
            raise forms.ValidationError(_("Choose one of them."))
        if chosen[0] not in PLACES and scoping.limit_of(self.request.user) is not None:
            raise forms.ValidationError(_("Choose a site of yours, or what stands there."))
        cleaned["level"], cleaned["target"] = chosen[0], cleaned[chosen[0]]
        return cleaned

    def _found(self, model: Any, lookup: str, field: str) -> Any:
        text = self.cleaned_data[field]
        rows = scoping.visible(self.request.user, model.objects.all())
        row = rows.filter(**{lookup: text}).first() if text else None
        if text and row is None:
            raise forms.ValidationError(
                _("There is no %(field)s %(text)s.") % {"field": field, "text": text}
            )
        return row

    def _outlet(self, station: ChargingStation, number: int) -> Connector | None:
        row = Connector.objects.filter(station=station, connector_id=number).first()
        if row is None:
            self.add_error(
                "connector",
                _("%(station)s has no connector %(number)s.")
                % {"station": station, "number": number},
            )
        return row
