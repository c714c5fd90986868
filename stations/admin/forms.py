"""The forms of the dialogs about charging: what may be asked of a station, as people choose it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cms.shared.dialogs import DialogForm
from stations.admin import words
from stations.models import (
    ChargingProfile,
    ChargingSession,
    ChargingStation,
    Connector,
    ConnectorStatus,
    ProfilePurpose,
)

_printable = RegexValidator(r"^[\x21-\x7e]+$", "Only printable characters without spaces.")
_BUSY = ("Charging", "SuspendedEV", "SuspendedEVSE")
_MOST = 100  # more sessions under way at one station is nothing a list would help with


class SuggestInput(forms.TextInput):
    """A text field that suggests, as one types, what ``source`` finds."""

    def __init__(self, source: str) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false"})
        self.source = source

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field and its list, asked for again as the text changes."""
        found = f"{attrs['id']}_found"
        field = super().render(name, value, {**attrs, "list": found}, renderer)
        context = {"field": field, "id": attrs["id"], "found": found, "source": self.source}
        return render_to_string("admin/suggest.html", context)


def id_tag_field(**options: Any) -> forms.CharField:
    """An id tag: CiString20Type, OCPP 1.6 section 7.28."""
    return forms.CharField(
        max_length=20,
        validators=[_printable],
        widget=SuggestInput("rfid_rfidcard_suggest"),
        **{"label": "Card", "help_text": "The id tag, or type to find a card", **options},
    )


class StationForm(DialogForm):
    """A dialog of a station: off while it is not connected."""

    obj: ChargingStation

    def prepare(self) -> None:
        """Say so where the station is away."""
        if not self.obj.connection_id:
            self.refuse(f"{self.obj} is offline. Nothing is sent, and nothing is queued.")

    def connectors(self) -> list[Connector]:
        """The station's outlets."""
        return [row for row in self.obj.connectors.all() if row.connector_id]

    def offer_connectors(self, *first: tuple[str, str]) -> None:
        """Let the field ``connector_id`` choose among the outlets, after ``first``."""
        field = self.fields["connector_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*first, *((str(c.connector_id), _name(c)) for c in self.connectors())]
        asked = self.request.GET.get("connector", "")
        if asked.isdigit():
            field.initial = asked


def _name(connector: Connector) -> str:
    kind = " ".join(
        filter(
            None,
            [
                connector.connector_type,
                f"{connector.max_power_w / 1000:g} kW" if connector.max_power_w else "",
            ],
        )
    )
    return " · ".join(
        filter(None, [str(connector.connector_id), kind, connector.get_status_display()])
    )


class RemoteStartForm(StationForm):
    """Which connector, which card."""

    connector_id = forms.ChoiceField(label="Connector", required=False)
    id_tag = id_tag_field()
    profile = forms.ModelChoiceField(
        ChargingProfile.objects.filter(purpose=ProfilePurpose.TX),
        label="Charging profile",
        required=False,
        empty_label="None",
    )

    def prepare(self) -> None:
        """Pick the connector beforehand where only one is free."""
        super().prepare()
        self.offer_connectors(("", "Any: the station chooses"))
        ready = (ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING)
        free = [c for c in self.connectors() if c.status in ready]
        if len(free) == 1 and not self.fields["connector_id"].initial:
            self.fields["connector_id"].initial = str(free[0].connector_id)

    def payload(self) -> dict[str, Any]:
        """RemoteStartTransaction.req."""
        payload: dict[str, Any] = {"idTag": self.cleaned_data["id_tag"]}
        if self.cleaned_data["connector_id"]:
            payload["connectorId"] = int(self.cleaned_data["connector_id"])
        return payload


class RemoteStopForm(StationForm):
    """Which of the sessions under way."""

    transaction_id = forms.ChoiceField(label="Session", widget=forms.RadioSelect)

    def prepare(self) -> None:
        """The sessions under way; the one asked for, or the only one, is picked."""
        super().prepare()
        sessions = under_way(self.obj)
        field = self.fields["transaction_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(session.pk), describe(session)) for session in sessions]
        asked = self.request.GET.get("connector", "")
        for session in sessions:
            number = session.connector.connector_id if session.connector else 0
            if len(sessions) == 1 or asked == str(number):
                field.initial = str(session.pk)
        if not sessions:
            self.refuse("No session is under way at this station.")


def under_way(station: ChargingStation) -> list[ChargingSession]:
    """The sessions under way at ``station``."""
    return list(station.sessions.filter(status="Active").select_related("connector")[:_MOST])


def describe(session: ChargingSession) -> str:
    """A session in one line."""
    number = session.connector.connector_id if session.connector else "?"
    energy = f"{session.energy_wh / 1000:.3f} kWh"
    length = words.session_length(session)
    return f"#{session.pk} · connector {number} · {session.id_tag} · {energy} · {length}"


class ResetForm(StationForm):
    """Soft or hard; hard under load must be meant."""

    kind = forms.ChoiceField(
        label="How",
        choices=[
            ("Soft", "Soft: ends what runs in an orderly way, then restarts"),
            ("Hard", "Hard: restarts at once, like a power cut"),
        ],
        initial="Soft",
        widget=forms.RadioSelect,
    )
    confirm = forms.CharField(label="Identity of the station", required=False)

    def prepare(self) -> None:
        """Name what it would end."""
        super().prepare()
        sessions = under_way(self.obj)
        self.is_busy = bool(sessions) or any(c.status in _BUSY for c in self.connectors())
        for session in sessions:
            self.warn(f"It ends session {describe(session)}")
        if self.is_busy:
            self.fields[
                "confirm"
            ].help_text = f"A hard reset while charging: type {self.obj.cp_id} to confirm"
        else:
            del self.fields["confirm"]

    def clean(self) -> dict[str, Any]:
        """Hard while charging needs the identity typed."""
        cleaned = self.cleaned_data
        typed = cleaned.get("confirm", "").strip()
        if self.is_busy and cleaned.get("kind") == "Hard" and typed != self.obj.cp_id:
            self.add_error("confirm", f"Type {self.obj.cp_id} to reset it hard while charging.")
        return cleaned

    def payload(self) -> dict[str, Any]:
        """Reset.req."""
        return {"type": self.cleaned_data["kind"]}


class UnlockForm(StationForm):
    """Which connector."""

    connector_id = forms.ChoiceField(label="Connector")

    def prepare(self) -> None:
        """Any outlet; while charging it ends the session."""
        super().prepare()
        self.offer_connectors()
        if not self.connectors():
            self.refuse("The station has not reported a connector yet.")
        for session in under_way(self.obj):
            self.warn(f"Unlocking its connector ends session {describe(session)}")

    def payload(self) -> dict[str, Any]:
        """UnlockConnector.req."""
        return {"connectorId": int(self.cleaned_data["connector_id"])}
