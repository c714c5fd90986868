"""The dialogs that make and cancel a reservation: what is asked, and why it cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, scoping
from cms.shared.dialogs import DialogForm
from rfid.services import cards
from stations.admin.forms import SuggestInput, connector_name, id_tag_field
from stations.models import ChargingStation, Reservation
from stations.models.reservations import HOLDING

_MOST_MINUTES = 7 * 24 * 60


class ReserveForm(DialogForm):
    """What, for whom, how long. The station is asked for only where the page is not its own."""

    station = forms.CharField(
        label=lazy("Station"),
        max_length=100,
        widget=SuggestInput("stations_chargingstation_suggest"),
        help_text=gettext_lazy("Its identity"),
    )
    connector_id = forms.IntegerField(
        label=gettext_lazy("Connector"),
        initial=0,
        min_value=0,
        max_value=1000,
        help_text=gettext_lazy("Its number; 0: any, if the station supports that"),
    )
    id_tag = id_tag_field()
    group = forms.BooleanField(
        label=gettext_lazy("Its group may use it, too"),
        required=False,
        help_text=gettext_lazy("Any card of the same card group (parentIdTag)"),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("For how many minutes"), initial=30, min_value=1, max_value=_MOST_MINUTES
    )
    until = forms.DateTimeField(
        label=gettext_lazy("Until, instead of minutes"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}),
    )

    def prepare(self) -> None:
        """On a station's page, that station and its connectors."""
        if isinstance(self.obj, ChargingStation):
            del self.fields["station"]
            self.fields["connector_id"] = self._connectors(self.obj)
            if not self.obj.connection_id:
                self.refuse(_offline(self.obj))

    def _connectors(self, station: ChargingStation) -> forms.Field:
        outlets = [row for row in station.connectors.all() if row.connector_id]
        asked = self.request.GET.get("connector", "")
        return forms.TypedChoiceField(
            label=gettext_lazy("Connector"),
            coerce=int,
            choices=[
                (0, gettext_lazy("Any, if the station supports that")),
                *((row.connector_id, connector_name(row)) for row in outlets),
            ],
            initial=int(asked) if asked.isdigit() else 0,
        )

    def clean_until(self) -> datetime | None:
        """In the future, and no further away than minutes may be."""
        until: datetime | None = self.cleaned_data["until"]
        if until and until <= clock.now():
            raise forms.ValidationError(gettext("A reservation ends in the future."))
        if until and until > clock.now() + timedelta(minutes=_MOST_MINUTES):
            raise forms.ValidationError(gettext("A reservation lasts seven days at most."))
        return until

    def expires_at(self, at: datetime) -> datetime:
        """When it ends, asked for at ``at``."""
        until: datetime | None = self.cleaned_data["until"]
        return until or at + timedelta(minutes=self.cleaned_data["minutes"])

    def clean(self) -> dict[str, Any]:
        """With ``parent_id_tag``: the group's tag, where its cards may use the reservation."""
        cleaned = self.cleaned_data
        cleaned["parent_id_tag"] = ""
        if cleaned.get("group") and cleaned.get("id_tag"):
            card = cards.find(cleaned["id_tag"])
            cleaned["parent_id_tag"] = card.group.parent_id_tag if card and card.group else ""
            if not cleaned["parent_id_tag"]:
                self.add_error("group", gettext("The card belongs to no group."))
        return cleaned

    def clean_station(self) -> ChargingStation:
        """The station with that identity, of those one may see."""
        named = ChargingStation.objects.named(self.cleaned_data["station"].strip())
        found = scoping.visible(self.request.user, named).first()
        if found is None:
            raise forms.ValidationError(gettext("There is no station with this identity."))
        return found


class CancelForm(DialogForm):
    """Only a question."""

    obj: Reservation

    def prepare(self) -> None:
        """Say why it cannot be cancelled, if so."""
        if self.obj.status not in HOLDING:
            status = {"status": self.obj.get_status_display()}
            self.refuse(gettext("It is over already: %(status)s.") % status)
        elif not self.obj.station.connection_id:
            self.refuse(_offline(self.obj.station))


def _offline(station: ChargingStation) -> str:
    said = gettext("%(station)s is offline. Nothing is sent, and nothing is queued.")
    return said % {"station": station}
