"""The forms of the dialogs about charging: what may be asked of a station, as people choose it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared.dialogs import DialogForm
from stations.admin import drivers, words
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
)

ID_TAG = RegexValidator(
    r"^[\x21-\x7e]+$", gettext_lazy("Only printable characters without spaces.")
)
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
        validators=[ID_TAG],
        widget=SuggestInput("rfid_rfidcard_suggest"),
        **{
            "label": gettext_lazy("Card"),
            "help_text": gettext_lazy("The id tag, or type to find a card"),
            **options,
        },
    )


class StationForm(DialogForm):
    """A dialog of a station: off while it is not connected."""

    obj: ChargingStation

    def prepare(self) -> None:
        """Say so where the station is away."""
        if not self.obj.connection_id:
            said = _("%(station)s is offline. Nothing is sent, and nothing is queued.")
            self.refuse(said % {"station": self.obj})

    def connectors(self) -> list[Connector]:
        """The station's outlets."""
        return [row for row in self.obj.connectors.all() if row.connector_id]

    def offer_connectors(self, *first: tuple[str, Any]) -> None:
        """Let the field ``connector_id`` choose among the outlets, after ``first``."""
        field = self.fields["connector_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            *first,
            *((str(c.connector_id), connector_name(c)) for c in self.connectors()),
        ]
        asked = self.request.GET.get("connector", "")
        if asked.isdigit():
            field.initial = asked


def connector_name(connector: Connector) -> str:
    """A connector in one line: ``1 · CCS2 150 kW · Available``."""
    kind = " ".join(
        filter(
            None,
            [
                connector.connector_type,
                f"{connector.max_power_w / 1000:g} kW" if connector.max_power_w else "",
            ],
        )
    )
    named = " – ".join(filter(None, [str(connector.connector_id), kind]))
    return f"{named} · {connector.get_status_display()}"


class RemoteStopForm(StationForm):
    """Which of the sessions under way."""

    transaction_id = forms.ChoiceField(label=gettext_lazy("Session"), widget=forms.RadioSelect)

    def prepare(self) -> None:
        """The sessions under way; the one asked for, or the only one, is picked."""
        super().prepare()
        sessions = under_way(self.obj)
        field = self.fields["transaction_id"]
        assert isinstance(field, forms.ChoiceField)
        user = self.request.user
        field.choices = [(str(session.pk), describe(session, user)) for session in sessions]
        asked = self.request.GET.get("connector", "")
        for session in sessions:
            number = session.connector.connector_id if session.connector else 0
            if len(sessions) == 1 or asked == str(number):
                field.initial = str(session.pk)
        if not sessions:
            self.refuse(_("No session is under way at this station."))


def under_way(station: ChargingStation) -> list[ChargingSession]:
    """The sessions under way at ``station``."""
    return list(station.sessions.filter(status="Active").select_related("connector")[:_MOST])


def describe(session: ChargingSession, user: Any) -> str:
    """A session in one line, for ``user``: the card as far as they may see it."""
    return _("#%(number)s · connector %(connector)s · %(card)s · %(energy)s kWh · %(length)s") % {
        "number": session.pk,
        "connector": session.connector.connector_id if session.connector else "?",
        "card": drivers.number(user, session.id_tag),
        "energy": f"{session.energy_wh / 1000:.3f}",
        "length": words.session_length(session),
    }


def how_to_reset() -> forms.ChoiceField:
    """Soft or hard, as Reset.req has it."""
    return forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            ("Soft", gettext_lazy("Soft: ends what runs in an orderly way, then restarts")),
            ("Hard", gettext_lazy("Hard: restarts at once, like a power cut")),
        ],
        initial="Soft",
        widget=forms.RadioSelect,
    )


class ResetForm(StationForm):
    """Soft or hard; hard under load must be meant."""

    kind = how_to_reset()
    confirm = forms.CharField(label=gettext_lazy("Identity of the station"), required=False)

    def prepare(self) -> None:
        """Name what it would end."""
        super().prepare()
        sessions = under_way(self.obj)
        self.is_busy = bool(sessions) or any(c.status in _BUSY for c in self.connectors())
        for session in sessions:
            said = _("It ends session %(session)s")
            self.warn(said % {"session": describe(session, self.request.user)})
        if self.is_busy:
            said = _("A hard reset while charging: type %(station)s to confirm")
            self.fields["confirm"].help_text = said % {"station": self.obj.cp_id}
        else:
            del self.fields["confirm"]

    def clean(self) -> dict[str, Any]:
        """Hard while charging needs the identity typed."""
        cleaned = self.cleaned_data
        typed = cleaned.get("confirm", "").strip()
        if self.is_busy and cleaned.get("kind") == "Hard" and typed != self.obj.cp_id:
            said = _("Type %(station)s to reset it hard while charging.")
            self.add_error("confirm", said % {"station": self.obj.cp_id})
        return cleaned

    def payload(self) -> dict[str, Any]:
        """Reset.req."""
        return {"type": self.cleaned_data["kind"]}


class UnlockForm(StationForm):
    """Which connector."""

    connector_id = forms.ChoiceField(label=gettext_lazy("Connector"))

    def prepare(self) -> None:
        """Any outlet; while charging it ends the session."""
        super().prepare()
        self.offer_connectors()
        if not self.connectors():
            self.refuse(_("The station has not reported a connector yet."))
        for session in under_way(self.obj):
            said = _("Unlocking its connector ends session %(session)s")
            self.warn(said % {"session": describe(session, self.request.user)})

    def payload(self) -> dict[str, Any]:
        """UnlockConnector.req."""
        return {"connectorId": int(self.cleaned_data["connector_id"])}
